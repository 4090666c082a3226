// Package api is the JSON API of /api/v1: thin handlers between HTTP and the domain packages.
//
// It owns the shapes on the wire (openapi.yaml and the types generated from it) and how domain values become them.
// It does not own any rule: status, dates, checks and who may do what come from the domain packages and the route
// table. openapi.yaml is the truth; answers are validated against it in tests.
package api

import _ "embed"

//go:generate go run github.com/oapi-codegen/oapi-codegen/v2/cmd/oapi-codegen@v2.8.2 -config oapi-codegen.yaml openapi.yaml

// OpenAPI is the machine-readable description of the API (OpenAPI 3.1), served at /api/openapi.yaml.
//
//go:embed openapi.yaml
var OpenAPI []byte
