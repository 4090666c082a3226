package filing

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"nianbao/filing/attachment"
	"nianbao/filing/check"
	"nianbao/internal/postgres"
)

// The checks of a report's files. They stand beside the form's checks, have
// their shape, and name no key: a file answers no field.
const (
	CheckAttachmentRequired = "ATT-REQUIRED" // a kind that the season requires is missing
	CheckAttachmentHeld     = "ATT-HELD"     // a file waits for its virus scan
	CheckAttachmentInfected = "ATT-INFECTED" // a virus was found in a file
)

// Attachment is what the season asks for of a kind; false if nothing.
func (r *Rules) Attachment(kind attachment.Kind) (AttachmentRule, bool) {
	for _, rule := range r.Attachments {
		if rule.Kind == kind {
			return rule, true
		}
	}
	return AttachmentRule{}, false
}

// examineAttachments says what hinders a submission in the report's files.
// Where the season asks for none it costs nothing.
func (s *Service) examineAttachments(ctx context.Context, q postgres.Queryer, t *target) ([]check.Finding, error) {
	if len(t.season.Rules.Attachments) == 0 || t.planned() {
		return nil, nil
	}
	there, err := Attachments(ctx, q, t.obligation.ID)
	if err != nil {
		return nil, err
	}
	return attachmentFindings(t, there), nil
}

func attachmentFindings(t *target, there []Attachment) []check.Finding {
	basis := t.season.Rules.Basis(BasisReport, t.org.Type)
	finding := func(code, message, remedy string) check.Finding {
		return check.Finding{Check: code, Severity: check.Error, Keys: []string{}, Message: message, Remedy: remedy, Basis: basis}
	}
	count := map[attachment.Kind]int{}
	for _, a := range there {
		count[a.Kind]++
	}
	var found []check.Finding
	for _, rule := range t.season.Rules.Attachments {
		if rule.Required && count[rule.Kind] == 0 {
			found = append(found, finding(CheckAttachmentRequired, fmt.Sprintf("没有上传“%s”。", rule.Kind.Label()),
				fmt.Sprintf("请在“附件”中上传%s（PDF、JPEG 或 PNG，每个不超过 %s）后再报送。", rule.Kind.Label(), attachment.Size(int64(rule.MaxBytes)))))
		}
	}
	for _, a := range there {
		what := fmt.Sprintf("“%s”第 %d 个文件（%s）", a.Kind.Label(), a.N, a.Name)
		switch a.Scan {
		case ScanHeld:
			found = append(found, finding(CheckAttachmentHeld, what+"正在查毒，还不能随报告报送。",
				"一般几分钟内查完，请稍后再报送；不需要该文件的，也可以把它删除。"))
		case ScanInfected:
			found = append(found, finding(CheckAttachmentInfected, what+"查出病毒，内容已被删除。",
				"请在电脑上查杀病毒，重新生成文件后再上传替换；不需要该文件的，请把它删除。"))
		case ScanNone, ScanClean:
		}
	}
	return found
}

// listSQL marks the files in force as listed and copies them to the submission,
// in one statement.
const listSQL = `WITH listed AS (
	UPDATE attachment SET listed = true WHERE obligation_id = $2 AND ended_at IS NULL AND scan IN ('none', 'clean') RETURNING *)
INSERT INTO submission_attachment (submission_id, attachment_id, authority_code, organisation_id, kind, n, name, media_type,
	bytes, pages, sha256, blob_key, scan)
SELECT $1, id, authority_code, organisation_id, kind, n, name, media_type, bytes, pages, sha256, blob_key, scan FROM listed`

// listAttachments lists the files with the submission that is being taken. The
// obligation is held by then, so that no file comes or goes any more; what came
// or went since they were examined is examined again.
func (s *Service) listAttachments(ctx context.Context, tx *postgres.Tx, t *target, submissionID uuid.UUID) error {
	if len(t.season.Rules.Attachments) == 0 {
		return nil
	}
	found, err := s.examineAttachments(ctx, tx, t)
	if err != nil {
		return err
	}
	if len(found) > 0 {
		return &CheckError{Findings: found}
	}
	stmt, err := tx.Prepared(ctx, listSQL)
	if err != nil {
		return err
	}
	if _, err := stmt.ExecContext(ctx, submissionID, t.obligation.ID); err != nil {
		return fmt.Errorf("list attachments: %w", err)
	}
	return nil
}

// addAttachmentFindings puts what hinders a submission in the files behind what
// the form checks found.
func (s *Service) addAttachmentFindings(ctx context.Context, t *target, e *examined) error {
	found, err := s.examineAttachments(ctx, s.db, t)
	if err != nil {
		return err
	}
	e.findings = append(e.findings, found...)
	return nil
}
