package api

import (
	"strings"
	"testing"

	"nianbao/internal/account"
)

func TestOperationsWithoutAPlainRuleAreRefused(t *testing.T) {
	tests := map[string]string{ // what the operation says → part of the error; "" is taken
		"{operationId: a, security: []}":                               "",
		"{operationId: a, x-roles: [filer, reviewer], x-right: read}":  "",
		"{operationId: a, x-roles: [filer, reviewer]}":                 "x-right",
		"{operationId: a, x-roles: [filer], x-right: all}":             "x-right",
		"{operationId: a, x-roles: [reviewer], x-right: read}":         "x-right",
		"{operationId: a, x-roles: [reviewer]}":                        "",
		"{operationId: a}":                                             "needs either",
		"{operationId: a, x-roles: []}":                                "needs either",
		"{operationId: a, security: [], x-roles: [filer]}":             "needs either",
		"{operationId: a, security: [{bearer: []}]}":                   "security may only be []",
		"{operationId: a, security: [{bearer: []}], x-roles: [filer]}": "security may only be []",
		"{operationId: a, x-roles: [filer, root]}":                     "no role",
		"{operationId: a, x-roles: [1]}":                               "no role",
		"{security: []}":                                               "operationId",
		"[]":                                                           "no object",
	}
	for says, wrong := range tests {
		ops, err := readOperations([]byte("servers: [{url: /api/v1}]\npaths:\n  /things/{id}:\n    get: " + says + "\n"))
		switch {
		case wrong == "" && (err != nil || len(ops) != 1 || ops[0].route() != "GET /api/v1/things/:id"):
			t.Errorf("%s: %v, %v", says, ops, err)
		case wrong != "" && (err == nil || !strings.Contains(err.Error(), wrong)):
			t.Errorf("%s: %v, want %q", says, err, wrong)
		}
	}
	for _, servers := range []string{"", "servers: []", "servers: [{url: /api/v2}]", "servers: [{url: /api/v1}, {url: /x}]", "servers: {"} {
		if _, err := readOperations([]byte(servers + "\npaths: {}\n")); err == nil {
			t.Errorf("%q was taken", servers)
		}
	}
}

func TestRolesOfAnOperation(t *testing.T) {
	ops, err := readOperations(OpenAPI)
	if err != nil {
		t.Fatal(err)
	}
	for _, op := range ops {
		if op.id == "getReview" {
			if got := op.access.List(); len(got) != 2 || got[0] != account.RoleReviewer || got[1] != account.RoleApprover {
				t.Errorf("getReview lets in %v", got)
			}
			return
		}
	}
	t.Error("no operation getReview")
}
