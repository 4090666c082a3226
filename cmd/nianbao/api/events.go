package api

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"nianbao/internal/event"
)

// PublicEvents is GET /public/events: what happened, in commit order. next is the position to go on after, also on
// the last page, where it is the one that was sent.
func (s *Server) PublicEvents(c echo.Context, params PublicEventsParams) error {
	limit, err := pageSize(params.Limit)
	if err != nil {
		return err
	}
	after := given(params.After)
	if after < 0 {
		return badParameter("after")
	}
	found, err := event.PublicFeed(c.Request().Context(), s.DB, after, limit)
	if err != nil {
		return err
	}
	list := PublicEventList{Items: make([]PublicEvent, len(found)), Next: after}
	for i := range found {
		list.Items[i] = publicEvent(&found[i])
		list.Next = found[i].Position
	}
	return c.JSON(http.StatusOK, list)
}

func publicEvent(e *event.PublicEvent) PublicEvent {
	out := PublicEvent{
		Position: e.Position, Id: e.ID, Kind: string(e.Kind), Title: textOrNull(e.Title), At: instant(e.At),
		Authority: textOrNull(e.AuthorityCode), Basis: textOrNull(e.Basis), Data: e.Data,
	}
	if e.ReportYear != 0 {
		out.ReportYear = &e.ReportYear
	}
	if o := e.Organisation; o != nil {
		out.Organisation = &Organisation{Uscc: o.USCC, Name: o.Name, Type: OrganisationType(o.Type)}
	}
	return out
}
