package api

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"

	"github.com/labstack/echo/v4"

	"nianbao/filing/form"
)

// formAnswers are the two answers about a form. A form never changes while the program runs.
type formAnswers struct{ form, schema file }

func answersOf(set *form.Set) (map[string]formAnswers, error) {
	answers := map[string]formAnswers{}
	for _, code := range set.Codes() {
		f, err := set.Form(code)
		if err != nil {
			return nil, err
		}
		described, err := json.Marshal(f)
		if err != nil {
			return nil, fmt.Errorf("describe form %s: %w", code, err)
		}
		answers[code] = formAnswers{
			form:   tagged("application/json", described),
			schema: tagged("application/schema+json", f.Schema()),
		}
	}
	return answers, nil
}

// tagged is a file whose tag is the beginning of its hash.
func tagged(mediaType string, data []byte) file {
	sum := sha256.Sum256(data)
	return file{tag: hex.EncodeToString(sum[:16]), mediaType: mediaType, data: data}
}

// GetForm is GET /forms/{form}.
func (s *Server) GetForm(c echo.Context, code Form) error {
	answers, ok := s.forms[code]
	if !ok {
		return &form.NotFoundError{FormCode: clip(code)}
	}
	return answerFile(c, answers.form)
}

// GetFormSchema is GET /forms/{form}/schema.
func (s *Server) GetFormSchema(c echo.Context, code Form) error {
	answers, ok := s.forms[code]
	if !ok {
		return &form.NotFoundError{FormCode: clip(code)}
	}
	return answerFile(c, answers.schema)
}
