package web

import (
	"errors"
	"net/http"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"nianbao/internal/web"
)

// ConflictPage says that somebody else was quicker, and keeps what was typed.
type ConflictPage struct {
	web.Page
	Heading, What string
	Kept          []string
	Links         []web.Link
}

// refused is a refusal of the input itself, to be told at the field.
func refused(err error) (web.DomainError, bool) {
	var refusal web.DomainError
	ok := errors.As(err, &refusal) && refusal.HTTPStatus() == http.StatusUnprocessableEntity
	return refusal, ok
}

// orConflict is conflict where the act may as well have gone through.
func (p *Pages) orConflict(c echo.Context, id uuid.UUID, err error) error {
	if err == nil {
		return nil
	}
	return p.conflict(c, id, err)
}

// conflict tells of a 409 on a case, with who has it, and keeps what was typed; any other error goes on.
func (p *Pages) conflict(c echo.Context, id uuid.UUID, err error, typed ...string) error {
	return p.conflictAt(c, web.Link{Href: casePath(id), Text: "看这件现在的状态"}, web.Link{Href: "/desk/reviews", Text: "回到待审"}, err, typed...)
}

func (p *Pages) conflictAt(c echo.Context, here, list web.Link, err error, typed ...string) error {
	var refusal web.DomainError
	if !errors.As(err, &refusal) || refusal.HTTPStatus() != http.StatusConflict {
		return err
	}
	page := ConflictPage{
		Page: p.App.NewPage(c, "没有办成"), Heading: "没有办成，现在的状态不允许", What: refusal.Detail(), Links: []web.Link{here, list},
	}
	if refusal.Code() == "claimed_by_other" {
		page.Heading = "没有办成，这件在别人手里"
	}
	for _, s := range typed {
		page.Kept = append(page.Kept, paragraphs(s)...)
	}
	return p.App.Render(c, http.StatusConflict, "desk/conflict", page)
}
