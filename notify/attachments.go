package notify

import (
	"context"
	"fmt"

	"nianbao/filing/attachment"
	"nianbao/internal/event"
	"nianbao/internal/postgres"
)

// KindAttachment is the kind of messages about a report's files.
const KindAttachment = "attachment"

// onInfected tells the owner of a file that its content is gone. The message names the slot, not the file: a mail is read
// on many machines.
func (s *Service) onInfected(ctx context.Context, tx *postgres.Tx, e event.Stored) error {
	d, err := event.Read[event.AttachmentScanned](e)
	if err != nil {
		return err
	}
	return s.tellOrganisation(ctx, tx, e, notice{kind: KindAttachment, template: "attachment_infected",
		letter: letter{Which: fmt.Sprintf("“%s”第 %d 个文件", attachment.Kind(d.Kind).Label(), d.N)}})
}
