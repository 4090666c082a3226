package api

import (
	"errors"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"nianbao/internal/clock"
	"nianbao/internal/web"
)

const demoClockPath = basePath + "/demo/clock"

// travelTimeout is how long a journey may take: years over a large demonstration.
const travelTimeout = 30 * time.Minute

var (
	errBackwards  = web.NewError(http.StatusConflict, "clock_backwards", "演示时钟只能向前，不能回到过去。请给出更晚的时间。")
	errTravelling = web.NewError(http.StatusConflict, "clock_travelling", "演示时钟正在移动，请等它停下后再试。")
)

// MoveDemoClock is POST /demo/clock; the route exists only where Travel is given.
func (s *Server) MoveDemoClock(c echo.Context) error {
	var asked ClockMove
	if err := readInto(c, &asked); err != nil {
		return err
	}
	if asked.Now.IsZero() {
		return wrongType("now")
	}
	// The server's write timeout counts from the request's beginning. Where it cannot be moved the journey goes on all
	// the same; only its answer may be lost.
	_ = http.NewResponseController(c.Response()).SetWriteDeadline(time.Time{})
	ran, err := s.Travel(c.Request().Context(), asked.Now)
	switch {
	case errors.Is(err, clock.ErrBackwards):
		return errBackwards
	case errors.Is(err, clock.ErrTravelling):
		return errTravelling
	case err != nil:
		return err
	}
	answer := ClockAnswer{Now: instant(s.DB.Now()), Ran: make([]ClockRun, len(ran))}
	for i, r := range ran {
		answer.Ran[i] = ClockRun{Job: r.Job, At: instant(r.At), Summary: r.Summary, Error: textOrNull(r.Error)}
	}
	return c.JSON(http.StatusOK, answer)
}
