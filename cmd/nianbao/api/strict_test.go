package api

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"nianbao/internal/web"
)

func TestDecodeStrict(t *testing.T) {
	tests := map[string]string{ // body → code; "" is taken
		`{"outcome":"pass"}`: "",
		` {"outcome":"return","opinion":"多行\n文字\t，含�字","remarks":[{"key":"name","text":"x"},{"text":"y"}]} `: "",
		`{"outcome":"pass","remarks":null}`:     "",
		``:                                      "malformed_json",
		`{`:                                     "malformed_json",
		`{"outcome":"pass"}}`:                   "malformed_json",
		`{"outcome":"pass"}{"outcome":"pass"}`:  "malformed_json",
		`{"outcome" "pass"}`:                    "malformed_json",
		`{'outcome':'pass'}`:                    "malformed_json",
		`{"outcome":"pass",}`:                   "malformed_json",
		`{"outcome":"pass"} // yes`:             "malformed_json",
		`NaN`:                                   "malformed_json",
		`"` + `\ud83d` + `"`:                    "malformed_json",
		`{"outcome":"\ud83d"}`:                  "malformed_json",
		"{\"outcome\":\"\xff\"}":                "invalid_utf8",
		"\xef\xbb\xbf{}":                        "malformed_json",
		`{"outcome":"pass","outcome":"return"}`: "duplicate_key",
		`{"outcome":"pass","\u006futcome":"return"}`:                 "duplicate_key",
		`{"outcome":"pass","remarks":[{"text":"a","text":"b"}]}`:     "duplicate_key",
		`{"outcome":"pass","Outcome":"return"}`:                      "unknown_member",
		`{"outcome":"pass","remarkſ":[]}`:                            "unknown_member",
		`{"outcome":"pass","reason":"x"}`:                            "unknown_member",
		`{"outcome":"pass","remarks":[{"text":"a","severity":"x"}]}`: "unknown_member",
		`{"outcome":1}`: "wrong_type",
		`{"outcome":"return","remarks":{"text":"a"}}`:     "wrong_type",
		`{"outcome":"return","remarks":[{"text":["a"]}]}`: "wrong_type",
		`[]`:     "wrong_shape",
		`"pass"`: "wrong_shape",
		`{"outcome":"return","opinion":"\u0000"}`:                               "bad_character",
		`{"outcome":"return","opinion":"\u001b[31m"}`:                           "bad_character",
		strings.Repeat("[", 9) + strings.Repeat("]", 9):                         "too_deep",
		`{"outcome":` + strings.Repeat("[", 20) + strings.Repeat("]", 20) + `}`: "too_deep",
	}
	for body, code := range tests {
		var into Decision
		err := decodeStrict([]byte(body), &into)
		var refusal *web.Error
		switch {
		case code == "" && err != nil:
			t.Errorf("%s: %v", body, err)
		case code != "" && (!errors.As(err, &refusal) || refusal.Code() != code || refusal.Detail() == ""):
			t.Errorf("%s: %v, want %s", body, err, code)
		}
	}
}

// FuzzDecodeStrict: whatever is taken means the same to the standard decoder, and nothing panics.
func FuzzDecodeStrict(f *testing.F) {
	for _, seed := range []string{`{"outcome":"pass"}`, `{"outcome":"return","remarks":[{"key":"a","text":"b","basis":"c"}]}`,
		`[[[[]]]]`, `{"a":{"b":[1,2,{"c":null}]}}`, `"\ud83d\ude00"`, "\xff", `{"outcome":"pass","outcome":"x"}`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		var strict, lax Decision
		if decodeStrict(body, &strict) != nil {
			return
		}
		if err := json.Unmarshal(body, &lax); err != nil {
			t.Fatalf("taken, but the standard decoder says %v", err)
		}
		a, errA := json.Marshal(strict)
		b, errB := json.Marshal(lax)
		if errA != nil || errB != nil || string(a) != string(b) {
			t.Errorf("%s means %s (%v) and %s (%v)", body, a, errA, b, errB)
		}
	})
}
