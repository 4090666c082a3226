// Package e2e tests the built program from outside: its commands and its HTTP API, as the public contract states them.
//
// It holds no code of its own. The replay's model (model_test.go) is independent on purpose: it has its own calendar and
// its own reading of the announced rules, and imports nothing that could share a mistake with the program. What the
// harness does take from the program is what makes test input: the sample report of a form.
package e2e
