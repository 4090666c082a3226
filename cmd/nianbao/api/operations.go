package api

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"

	"nianbao/internal/account"
	"nianbao/internal/web"
)

// basePath is where the API lies; openapi.yaml must say the same.
const basePath = "/api/v1"

// operation is one call as openapi.yaml describes it.
type operation struct {
	id     string
	method string // upper case
	path   string // as in openapi.yaml, without the base path
	access web.Access
}

// route is the operation's name in the route table.
func (o operation) route() string {
	return o.method + " " + basePath + strings.NewReplacer("{", ":", "}", "").Replace(o.path)
}

// description31 is the part of openapi.yaml that says who may call what.
type description31 struct {
	Servers []struct {
		URL string `yaml:"url"`
	} `yaml:"servers"`
	Paths map[string]map[string]any `yaml:"paths"`
}

var methods = []string{"get", "put", "post", "delete", "options", "head", "patch", "trace"}

// readOperations lists the operations by path and method. One that names neither roles nor everybody, or both, is an
// error: nothing is open by omission.
func readOperations(description []byte) ([]operation, error) {
	var d description31
	if err := yaml.Unmarshal(description, &d); err != nil {
		return nil, err
	}
	if len(d.Servers) != 1 || d.Servers[0].URL != basePath {
		return nil, fmt.Errorf("servers: want %s alone", basePath)
	}
	var all []operation
	var problems []error
	for path, item := range d.Paths {
		for _, method := range methods {
			if item[method] == nil {
				continue
			}
			op, err := readOperation(strings.ToUpper(method), path, item[method])
			if err != nil {
				problems = append(problems, fmt.Errorf("%s %s: %w", method, path, err))
			}
			all = append(all, op)
		}
	}
	slices.SortFunc(all, func(a, b operation) int { return strings.Compare(a.path+" "+a.method, b.path+" "+b.method) })
	return all, errors.Join(problems...)
}

func readOperation(method, path string, described any) (operation, error) {
	op := operation{method: method, path: path}
	fields, ok := described.(map[string]any)
	if !ok {
		return op, errors.New("is no object")
	}
	if op.id, ok = fields["operationId"].(string); !ok {
		return op, errors.New("has no operationId")
	}
	security, stated := fields["security"].([]any)
	anyone := stated && len(security) == 0
	names, _ := fields["x-roles"].([]any)
	switch {
	case stated && !anyone:
		return op, errors.New("security may only be [] here; roles go into x-roles")
	case anyone == (len(names) > 0):
		return op, errors.New("needs either security: [] or x-roles")
	case anyone:
		op.access = web.Anyone()
		return op, nil
	}
	roles := make([]account.Role, len(names))
	for i, name := range names {
		word, _ := name.(string)
		if roles[i] = account.Role(word); !roles[i].Valid() {
			return op, fmt.Errorf("x-roles: %v is no role", name)
		}
	}
	right, _ := fields["x-right"].(string)
	op.access = web.Roles(roles[0], roles[1:]...).Needs(account.Right(right))
	if slices.Contains(roles, account.RoleFiler) != account.Right(right).Valid() {
		return op, fmt.Errorf("x-right: a call for filers, and no other, names the right that a token needs, not %q", right)
	}
	return op, nil
}
