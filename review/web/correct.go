package web

import (
	"strings"

	"nianbao/review"
)

// correctionNote says what a correction corrects, and names what the differences are to.
func correctionNote(kase *review.Case) (note *CorrectionNote, compared string) {
	k := kase.Correction
	if k == nil {
		return nil, "与上次报送的差异"
	}
	note = &CorrectionNote{Reason: paragraphs(k.Reason), Sections: strings.Join(k.Sections, "、"), Accepted: casePath(k.CorrectsID),
		Stands: "原来的结论（" + kase.Obligation.Status.Label() + "）继续有效，更正通过以后才由新的结论代替。"}
	if k.AdoptedAt != nil {
		note.Stands = "更正已经通过，代替了原来的报告。"
	}
	return note, "与原来的报告的差异"
}
