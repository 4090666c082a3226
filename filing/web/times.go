package web

import (
	"fmt"
	"time"

	"nianbao/internal/workday"
)

// stamp writes an instant to the second, as receipts and the saved mark have it.
func stamp(t time.Time) string {
	t = t.In(workday.Shanghai)
	return fmt.Sprintf("%s %s", workday.DateOf(t).Chinese(), t.Format("15:04:05"))
}

// stampShort leaves the seconds out.
func stampShort(t time.Time) string {
	t = t.In(workday.Shanghai)
	return fmt.Sprintf("%s %s", workday.DateOf(t).Chinese(), t.Format("15:04"))
}
