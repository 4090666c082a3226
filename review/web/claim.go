package web

import (
	"errors"
	"net/http"
	"net/url"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"nianbao/internal/web"
	"nianbao/review"
)

// claimTries is how many of the next reports are tried when colleagues claim at the same moment.
const claimTries = 20

// claimNext takes the unclaimed report whose window ends first.
func (p *Pages) claimNext(c echo.Context) error {
	ctx := c.Request().Context()
	list, err := p.Reviews.Queue(ctx, review.Query{AuthorityCode: authority(c), Unclaimed: true, Limit: claimTries})
	if err != nil {
		return err
	}
	for i := range list.Items {
		id := list.Items[i].SubmissionID
		_, err := p.Reviews.Claim(ctx, id, actor(c))
		if err == nil {
			p.App.AddFlash(c, web.Flash{Text: "已领取。审查期限到" + web.DateFull(list.Items[i].DueOn) + "。"})
			return web.SeeOther(c, casePath(id))
		}
		var domain web.DomainError
		if !errors.As(err, &domain) || domain.HTTPStatus() != http.StatusConflict {
			return err
		}
	}
	p.App.AddFlash(c, web.Flash{Text: "现在没有未领取的报告。", Warning: true})
	return web.SeeOther(c, "/desk/reviews")
}

// claim takes the case in hand.
func (p *Pages) claim(c echo.Context) error {
	id, err := pathID(c)
	if err != nil {
		return err
	}
	if _, err := p.Reviews.Claim(c.Request().Context(), id, actor(c)); err != nil {
		return p.conflict(c, id, err)
	}
	p.App.AddFlash(c, web.Flash{Text: "已领取。其他审查员可以查看，不能办理。"})
	return web.SeeOther(c, casePath(id))
}

// release puts the case back into the queue.
func (p *Pages) release(c echo.Context) error {
	id, err := pathID(c)
	if err != nil {
		return err
	}
	if _, err := p.Reviews.Release(c.Request().Context(), id, actor(c)); err != nil {
		return p.conflict(c, id, err)
	}
	p.App.AddFlash(c, web.Flash{Text: "已放回。写下的意见留在件里。"})
	return web.SeeOther(c, "/desk/reviews")
}

// addRemark notes a remark at a field.
func (p *Pages) addRemark(c echo.Context) error {
	id, form, err := p.posted(c)
	if err != nil {
		return err
	}
	remark := review.Remark{Key: form.Get("at"), Text: text(form, "text"), Basis: text(form, "basis")}
	if remark.Text == "" {
		form.Refuse("text", "请写出意见")
		return p.again(c, caseView{form: form, title: "意见没有记下", remark: true, status: form.Status()})
	}
	err = p.Reviews.AddRemark(c.Request().Context(), review.Remarking{SubmissionID: id, Remark: remark, Actor: actor(c)})
	if refusal, ok := refused(err); ok {
		form.Refuse("text", refusal.Detail())
		return p.again(c, caseView{form: form, title: "意见没有记下", remark: true, status: form.Status()})
	}
	if err != nil {
		return p.conflict(c, id, err, remark.Text)
	}
	return web.SeeOther(c, backTo(id, form)+"#remarks")
}

// removeRemark takes a remark off. The remark itself is posted, so a page that is out of date removes nothing else.
func (p *Pages) removeRemark(c echo.Context) error {
	id, form, err := p.posted(c)
	if err != nil {
		return err
	}
	remark := review.Remark{Key: form.Get("at"), Text: text(form, "text"), Basis: text(form, "basis")}
	err = p.Reviews.RemoveRemark(c.Request().Context(), review.Remarking{SubmissionID: id, Remark: remark, Actor: actor(c)})
	if err != nil {
		return p.conflict(c, id, err)
	}
	return web.SeeOther(c, backTo(id, form)+"#remarks")
}

// backTo is the case at the section that the form came from.
func backTo(id uuid.UUID, form *web.Form) string {
	if section := form.Get("section"); section != "" {
		return casePath(id) + "?section=" + url.QueryEscape(section)
	}
	return casePath(id)
}
