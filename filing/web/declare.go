package web

import (
	"strconv"
	"strings"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"nianbao/filing"
	"nianbao/internal/account"
	"nianbao/internal/web"
)

// DeclareView is the declaration under which a report is submitted.
type DeclareView struct {
	Text     string // in full
	Capacity string // in which the person declares
	Checked  bool
	Error    string
	Name     web.TextField
}

// AskView tells an editor who submits, and lets them remind these people.
type AskView struct {
	Text   string // "" for who may submit
	Action string // "" where nobody could be reminded
	Asked  string // that they were reminded today
}

// Names of the form that submits.
const (
	keyName       = "key"
	versionName   = "version"
	declareName   = "declare"
	declarantName = "declarant"
)

// declareView is the declaration with what was sent.
func (w *workspace) declareView(who account.Principal, sent *web.Form) DeclareView {
	view := DeclareView{Text: filing.DeclarationText(filing.DeclarationVersion, w.obligation.ReportYear),
		Capacity: "本人" + who.Name + "，是本单位的法定代表人。", Checked: sent.Get(declareName) != "",
		Error: sent.ErrorOf(declareName), Name: sent.Field(declarantName, "声明人姓名")}
	view.Name.Hint = "请输入您的姓名“" + who.Name + "”，代替签名。"
	view.Name.Autocomplete = "off"
	if !filing.SameName(who.Name, w.org.LegalRepresentative) {
		view.Capacity = "本人" + who.Name + "，是本单位负责人，受法定代表人" + w.org.LegalRepresentative + "授权作出声明并报送。"
	}
	return view
}

// declared checks what must be so before a report is submitted: that the draft
// is the one that was read through, and that somebody answers for it by name.
func (w *workspace) declared(who account.Principal, sent *web.Form) bool {
	if sent.Get(versionName) != strconv.Itoa(w.draft.Version) {
		sent.Refuse(declareName, "草稿在您打开这一页之后又有改动。下面是最新内容，请再看一遍后报送")
		sent.Values.Del(declareName)
		sent.Values.Del(keyName)
		return false
	}
	if sent.Get(declareName) == "" {
		sent.Refuse(declareName, "请勾选声明后再报送")
	}
	switch name := sent.Get(declarantName); {
	case strings.TrimSpace(name) == "":
		sent.Refuse(declarantName, "请输入声明人姓名")
	case !filing.SameName(name, who.Name):
		sent.Refuse(declarantName, "声明人姓名与登录账户的姓名“"+who.Name+"”不一致，请输入您本人的姓名。姓名有误的，先在“账户”中改正")
	}
	return sent.OK()
}

// declaration is what goes on record with the report.
func (w *workspace) declaration(who account.Principal, sent *web.Form) *filing.Declaration {
	return &filing.Declaration{Version: filing.DeclarationVersion, Name: strings.TrimSpace(sent.Get(declarantName)),
		PersonID: who.ID.String(), LegalRepresentative: w.org.LegalRepresentative}
}

// askView tells an editor who submits.
func (p *Pages) askView(c echo.Context, w *workspace) (AskView, error) {
	if web.Principal(c).Responsible {
		return AskView{}, nil
	}
	names, err := p.responsible(c, w.org.ID)
	if err != nil {
		return AskView{}, err
	}
	if len(names) == 0 {
		return AskView{Text: "您是填报人，可以填写和校验；声明和报送由本单位负责人办理。本单位现在没有可以登录的负责人，请联系登记管理机关。"}, nil
	}
	view := AskView{Text: "您是填报人，可以填写和校验。声明和报送由本单位负责人" + strings.Join(names, "、") + "登录后办理。"}
	switch at, err := filing.AskedToSubmit(requestContext(c), p.db, w.obligation.ID); {
	case err != nil:
		return view, err
	case !at.IsZero():
		view.Asked = "已于 " + stampShort(at) + " 提醒负责人。一天提醒一次。"
	default:
		view.Action = w.path("/submit/ask")
	}
	return view, nil
}

// responsible are the names of the people who may submit.
func (p *Pages) responsible(c echo.Context, organisation uuid.UUID) ([]string, error) {
	people, err := account.Colleagues(requestContext(c), p.db, organisation)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, who := range people {
		if who.Responsible && !who.Waiting {
			names = append(names, who.Name)
		}
	}
	return names, nil
}

// ask reminds the responsible people that a report waits for them.
func (p *Pages) ask(c echo.Context) error {
	y, err := p.readYear(c)
	if err != nil {
		return err
	}
	err = p.filing.AskToSubmit(requestContext(c), filing.AskToSubmit{OrganisationID: y.org.ID, Year: y.obligation.ReportYear,
		Actor: web.Principal(c).Actor()})
	if refused, ok := refusal(err); ok {
		p.app.AddFlash(c, web.Flash{Text: refused.Detail(), Warning: true})
		return web.SeeOther(c, y.path(""))
	}
	if err != nil {
		return err
	}
	p.app.AddFlash(c, web.Flash{Text: "已提醒负责人，消息和邮件都会写明等待报送的年度。"})
	return web.SeeOther(c, y.path("/submit"))
}
