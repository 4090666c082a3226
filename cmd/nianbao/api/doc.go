// Package api is the JSON API of /api/v1: thin handlers between HTTP and the domain packages.
//
// It owns the shapes on the wire (openapi.yaml and the types generated from it), how requests are read, how domain
// values become answers, and the order in which refusals are looked for. It does not own any rule: status, dates,
// checks and what may be done come from the domain packages, who may call what from openapi.yaml.
//
// Invariants:
//   - openapi.yaml is the truth. Routes and access rules are made from it, answers are validated against it in tests.
//   - Every query is scoped by the caller's organisation or authority; what is not theirs is 404.
//   - Refusals are looked for in the contract's order: 401, 403, 404, then 400, 413, 415 and 422, then 409.
//   - No text from inside the program leaves it: what is not a domain error is answered as an internal one.
package api

import _ "embed"

//go:generate go run github.com/oapi-codegen/oapi-codegen/v2/cmd/oapi-codegen@v2.8.2 -config oapi-codegen.yaml openapi.yaml

// OpenAPI is the machine-readable description of the API (OpenAPI 3.1), served at /api/openapi.yaml.
//
//go:embed openapi.yaml
var OpenAPI []byte
