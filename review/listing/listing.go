package listing

import (
	"time"

	"github.com/google/uuid"

	"nianbao/internal/workday"
)

// Status is where a matter stands (contract §5).
type Status string

// The statuses of a matter.
const (
	Notified  Status = "notified"  // the prior notice is out; nothing is listed yet
	Listed    Status = "listed"    // on the list, public
	Withdrawn Status = "withdrawn" // ended before any listing
	Removed   Status = "removed"   // was on the list until ended_on
	Escalated Status = "escalated" // replaced by an entry on the serious-breach list
	Annulled  Status = "annulled"  // a wrong listing, as if it never was
)

var statusLabels = map[Status]string{
	Notified: "已告知", Listed: "已列入", Withdrawn: "不予列入", Removed: "已移出", Escalated: "已转入严重违法失信名单", Annulled: "已撤销",
}

// Label is the status in Chinese.
func (s Status) Label() string { return statusLabels[s] }

// Valid tells whether s is one of the statuses.
func (s Status) Valid() bool { return statusLabels[s] != "" }

// Ground says why an organisation is listed.
type Ground string

// GroundNotFiled is 《社会组织信用信息管理办法》 art. 11 (1): no annual report by the time and to the requirements.
const GroundNotFiled Ground = "not_filed"

// Label is the ground in Chinese, in the words of the regulation.
func (g Ground) Label() string {
	if g == GroundNotFiled {
		return "未按照规定时限和要求报送年度报告"
	}
	return string(g)
}

// EndReason says why a matter ended; it decides whether the obligation may bring about another one.
type EndReason string

// The reasons.
const (
	EndReportStands EndReason = "report_stands" // a report came in before the listing
	EndNotOverdue   EndReason = "not_overdue"   // an extension, or time to refile after a return
	EndExempt       EndReason = "exempt"        // nothing is owed any more
	EndDecided      EndReason = "decided"       // a reviewer withdrew it, mostly on a statement
	EndRemoved      EndReason = "removed"       // taken off the list
	EndAnnulled     EndReason = "annulled"      // the listing was wrong
)

// passing are the reasons, for SQL, after which an obligation that is overdue again brings about another matter. The
// others settle it for good.
const passing = "'" + string(EndReportStands) + "', '" + string(EndNotOverdue) + "', '" + string(EndExempt) + "'"

var endLabels = map[EndReason]string{
	EndReportStands: "已补报年度报告", EndNotOverdue: "报送期限尚未届满", EndExempt: "已豁免报送",
	EndDecided: "经复核不予列入", EndRemoved: "经核实移出", EndAnnulled: "列入有误，予以撤销",
}

// Label is the reason in Chinese, "" for a matter that is open.
func (r EndReason) Label() string { return endLabels[r] }

// BasisRemoval is the rule for leaving the list: on application, within five working days of verification.
const BasisRemoval = "《社会组织信用信息管理办法》第十四条"

// RemovalWorkingDays is the authority's time to decide on an application for removal (art. 14).
const RemovalWorkingDays = 5

// Listing is one matter of the abnormal-activity list.
type Listing struct {
	ID                      uuid.UUID     `db:"id"`
	ObligationID            uuid.UUID     `db:"obligation_id"`
	AuthorityCode           string        `db:"authority_code"`
	OrganisationID          uuid.UUID     `db:"organisation_id"`
	ReportYear              int           `db:"report_year"`
	Ground                  Ground        `db:"ground"`
	Basis                   string        `db:"basis"`
	Status                  Status        `db:"status"`
	NotifiedOn              workday.Date  `db:"notified_on"` // the day the matter was opened
	NoticeID                uuid.NullUUID `db:"notice_id"`   // the prior notice; none where the season lists at once
	ServedOn                workday.Date  `db:"served_on"`   // of the notice; zero: not on record
	StatementDueOn          workday.Date  `db:"statement_due_on"`
	StatementDueProvisional bool          `db:"statement_due_provisional"`
	StatementDays           int           `db:"statement_days"` // working days that StatementDueOn was counted from; 0: not on record
	StatementOpen           bool          `db:"statement_open"` // a statement awaits its decision
	ListedOn                workday.Date  `db:"listed_on"`      // first day on the list
	DecisionID              uuid.NullUUID `db:"decision_id"`
	EndedOn                 workday.Date  `db:"ended_on"` // first day off the list, or the day the matter ended
	EndReason               EndReason     `db:"end_reason"`
	EndDocumentID           uuid.NullUUID `db:"end_document_id"`
	Version                 int           `db:"version"`
	CreatedAt               time.Time     `db:"created_at"`
	UpdatedAt               time.Time     `db:"updated_at"`
}

const listingColumns = `l.id, l.obligation_id, l.authority_code, l.organisation_id, l.report_year, l.ground, l.basis,
	l.status, l.notified_on, l.notice_id, l.served_on, l.statement_due_on, l.statement_due_provisional,
	coalesce(l.statement_days, 0) AS statement_days, l.statement_open,
	l.listed_on, l.decision_id, l.ended_on, l.end_reason, l.end_document_id, l.version, l.created_at, l.updated_at`

// AnswerTimeOver tells whether service is on record and its answer time has passed on the day.
func (l *Listing) AnswerTimeOver(day workday.Date) bool {
	return !l.ServedOn.IsZero() && day.After(l.StatementDueOn)
}

// How is the way in which a document was served.
type How string

// The ways of service (contract §5).
const (
	ByInbox        How = "inbox" // where the organisation agreed to electronic service
	ByMail         How = "mail"  // with proof of delivery
	ByPost         How = "post"
	InPerson       How = "in_person"
	ByPublicNotice How = "public_notice"
)

var howLabels = map[How]string{
	ByInbox: "电子送达", ByMail: "电子邮件送达", ByPost: "邮寄送达", InPerson: "直接送达", ByPublicNotice: "公告送达",
}

// Label is the way in Chinese.
func (h How) Label() string { return howLabels[h] }

// Valid tells whether h is one of the ways.
func (h How) Valid() bool { return howLabels[h] != "" }

// Hows lists the ways in the order in which they are to be tried.
func Hows() []How { return []How{ByInbox, InPerson, ByPost, ByMail, ByPublicNotice} }
