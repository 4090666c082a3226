// Package notify tells organisations and the authority's desk what they must hear: reminders, receipts, returns,
// conclusions, notices. It decides who is told what, by which channel, exactly once, and records what became of it.
//
// It owns the tables delivery and delivery_attempt, and the wording in templates/mails. It makes no decision of law:
// service of a notice is recorded by review, documents are made by document. For names and dates it reads, with small
// statements of its own, the tables organisation, authority, membership, person, obligation, season, review, conclusion and
// listing.
//
// Invariants:
//   - A delivery exists because of one event (or one obligation and reminder day) and at most once a recipient: its
//     unique key says so, in the database.
//   - The delivery and the queue's job that sends it are written in one transaction. Sending happens in the queue and
//     may, when a node dies between sending and noting it, happen twice; both copies carry the same Message-ID.
//   - Without a mail server mails stay queued, visibly, and are sent once there is one; text messages likewise.
//   - A code or link lies beside the text of its delivery, is put in as it is sent, and is wiped in the same step; once it
//     is over, the delivery is dropped.
package notify

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"strings"

	"github.com/google/uuid"

	"nianbao/internal/postgres"
	"nianbao/internal/workday"
)

// Config is what a Service needs.
type Config struct {
	DB        *postgres.DB
	PublicURL string                   // where readers find the pages, without a slash at the end
	Calendar  func() *workday.Calendar // for the working days left
	Sender    Sender                   // nil: no mail server is set up
	Texts     TextSender               // nil: no gateway for text messages is set up
	// Attach gives the stored PDF of a document and its file name, to go with the mail. ErrNotReady says that it is not
	// made yet. nil: mails only link to documents.
	Attach func(ctx context.Context, documentID uuid.UUID) (name string, pdf []byte, err error)
	Log    *slog.Logger
}

// ErrNotReady is Attach's word for a document that is ordered but not made yet.
var ErrNotReady = errors.New("the document is not made yet")

// Service makes and sends deliveries.
type Service struct {
	db       *postgres.DB
	public   string
	calendar func() *workday.Calendar
	sender   Sender
	texts    TextSender
	attach   func(ctx context.Context, documentID uuid.UUID) (string, []byte, error)
	log      *slog.Logger
	holds    map[string]string // channel to why nothing is sent by it; see HoldUnsendable
}

// New makes a service. The public URL must be http or https, since it goes into every mail.
func New(c Config) (*Service, error) {
	if err := CheckPublicURL(c.PublicURL); err != nil {
		return nil, fmt.Errorf("notify: %w", err)
	}
	if c.Calendar == nil {
		c.Calendar = workday.Builtin
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	return &Service{db: c.DB, public: strings.TrimRight(c.PublicURL, "/"), calendar: c.Calendar, sender: c.Sender,
		texts: c.Texts, attach: c.Attach, log: c.Log}, nil
}

// CheckPublicURL refuses what cannot begin a link in a mail: anything but http:// or https:// with a host.
func CheckPublicURL(address string) error {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return fmt.Errorf("%q is not a public URL such as https://nianbao.example.gov.cn", address)
	}
	return nil
}

// The pages that messages lead to.
func (s *Service) filerLink() string             { return s.public + "/filer" }
func (s *Service) deskLink() string              { return s.public + "/desk" }
func (s *Service) verifyLink(code string) string { return s.public + "/verify/" + code }
