package web

import (
	"errors"
	"net/http"

	"nianbao/internal/web"
)

// refusal is a domain's no to an act because of the state that things are in;
// the page of the matter shows it, since it also shows the state.
func refusal(err error) (web.DomainError, bool) {
	var domain web.DomainError
	if errors.As(err, &domain) && domain.HTTPStatus() == http.StatusConflict {
		return domain, true
	}
	return nil, false
}
