package notify

import (
	"bytes"
	"fmt"
	"strings"
	"text/template"
	"time"

	"nianbao/internal/account"
	"nianbao/internal/workday"
	"nianbao/templates/mails"
)

// letter is what the templates may use; each uses its part.
type letter struct {
	Organisation, Authority string
	Year                    int
	Today                   workday.Date
	Link, VerifyLink        string

	Due         workday.Date // by when
	Provisional bool         // no holiday notice covers Due yet
	WorkingDays int          // left until Due
	Previous    workday.Date // the due day before the change
	Which       string       // which day changed, where it is not the due day; which file
	Returned    bool
	Reason      string

	At        time.Time
	ReceiptNo string
	SHA256    string
	Warnings  int
	Remarks   int
	Outcome   string
	Number    string
	IssuedOn  workday.Date

	Asked        string // what an organisation asks for
	Sponsor      string
	Submitted    bool         // by the sponsor's agreement
	Held         workday.Date // until when waiting for the sponsor has no consequences
	Correction   bool
	Basis        string
	On           workday.Date // from when a listing or its end holds
	ServedOn     workday.Date
	DocumentKind string
	How          string

	Person    string // the one written to
	By        string
	RoleLabel string
	Changed   string // of an account
	People    []account.Contact
	Secret    string // a mark; the secret itself goes in when it is sent
	Until     time.Time

	Claimed    string
	Over, Soon int
}

// templates are parsed once; they are part of the program, so a broken one cannot leave the build's tests.
var templates = template.Must(template.New("").Funcs(template.FuncMap{
	"binding":     binding,
	"provisional": provisional,
	"left":        left,
	"instant":     instant,
	"outcome":     outcomeWord,
	"document":    documentWord,
	"how":         howWord,
}).ParseFS(mails.FS, "*.txt"))

// render gives a message's subject and body.
func render(name string, l letter) (subject, body string, err error) {
	// Names stand in subjects; a line break in one would move the rest of the subject into the body.
	l.Organisation, l.Authority = oneLine.Replace(l.Organisation), oneLine.Replace(l.Authority)
	var b bytes.Buffer
	if err := templates.ExecuteTemplate(&b, name+".txt", l); err != nil {
		return "", "", fmt.Errorf("word the message %s: %w", name, err)
	}
	subject, body, ok := strings.Cut(b.String(), "\n")
	if !ok || subject == "" {
		return "", "", fmt.Errorf("word the message %s: it has no subject line", name)
	}
	return subject, strings.TrimSpace(body) + "\n", nil
}

var oneLine = strings.NewReplacer("\r\n", " ", "\r", " ", "\n", " ")

// binding writes a date that binds, with its weekday.
func binding(d workday.Date) string { return d.Chinese() + "（" + d.ChineseWeekday() + "）" }

func provisional(p bool) string {
	if p {
		return "（日历未定，可能调整）"
	}
	return ""
}

// left says how long it is until due, as of today, both civil dates.
func left(today, due workday.Date) string {
	switch n := today.DaysUntil(due); {
	case n == 0:
		return "今天到期"
	case n == 1:
		return "明天到期"
	case n < 0:
		return "已于" + binding(due) + "到期"
	default:
		return fmt.Sprintf("还剩 %d 天，%s到期", n, binding(due))
	}
}

func instant(t time.Time) string {
	t = t.In(workday.Shanghai)
	return workday.DateOf(t).Chinese() + t.Format(" 15:04:05 ")
}

func outcomeWord(code string) string {
	return word(code, map[string]string{"pass": "合格", "return": "退回", "unqualified": "不合格", "qualified": "合格",
		"basically_qualified": "基本合格"})
}

func documentWord(kind string) string {
	return word(kind, map[string]string{
		"prior_notice": "列入活动异常名录事先告知书", "listing_decision": "列入活动异常名录决定书",
		"listing_withdrawal": "不予列入活动异常名录告知书", "listing_annulment": "撤销列入活动异常名录决定书",
		"removal_decision": "移出活动异常名录决定书", "removal_refusal": "不予移出活动异常名录决定书",
		"spot_check_notice": "列入抽查监督名单告知书", "penalty_case_notice": "行政处罚立案告知书",
		"return_notice": "退回补正通知书", "conclusion": "审查结论书", "receipt": "报送回执"})
}

func howWord(how string) string {
	return word(how, map[string]string{"inbox": "电子送达", "mail": "电子邮件", "post": "邮寄送达", "in_person": "直接送达",
		"public_notice": "公告送达"})
}

// word looks code up; one that is not known is shown as 文书 rather than as a code.
func word(code string, words map[string]string) string {
	if w, ok := words[code]; ok {
		return w
	}
	return "文书"
}
