package form

import (
	"bytes"
	"encoding/json"
	"io"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// plain turns a node into what encoding/json gives.
func plain(n node) any {
	switch n.kind {
	case nodeBool:
		return n.text == "true"
	case nodeNumber:
		return json.Number(n.text)
	case nodeString:
		return n.text
	case nodeArray:
		list := make([]any, len(n.items))
		for i, item := range n.items {
			list[i] = plain(item)
		}
		return list
	case nodeObject:
		object := make(map[string]any, len(n.members))
		for _, m := range n.members {
			object[m.key] = plain(m.value)
		}
		return object
	default:
		return nil
	}
}

// standard reads one JSON text with the standard decoder.
func standard(raw []byte) (any, error) {
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		return nil, err
	}
	if _, err := d.Token(); err != io.EOF {
		return nil, io.ErrUnexpectedEOF
	}
	return v, nil
}

var jsonTexts = []string{
	`null`, `true`, ` false `, `"x"`, `0`, `-0`, `-12.50e+3`, `1E-2`, `[]`, `[ ]`, `{}`, `{ }`,
	`[1, "a", null, [true], {"b": {}}]`, "\t{\"a\"\r\n:\n1 , \"b\" : [2]}\n",
	`"\"\\\/\b\f\n\r\t\u00e9\u4e2d\ud842\udfb7"`, `"é中𠮷"`, `"\u0000\u007f"`, `"中\u0041文"`,
}

func TestParseJSONAgreesWithTheStandardReader(t *testing.T) {
	for _, text := range jsonTexts {
		want, err := standard([]byte(text))
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		n, refused := parseJSON([]byte(text), DefaultLimits)
		if refused != nil {
			t.Errorf("%s: refused: %v", text, refused)
			continue
		}
		if diff := cmp.Diff(want, plain(n)); diff != "" {
			t.Errorf("%s (-standard +ours):\n%s", text, diff)
		}
	}
}

// FuzzParseJSON: what is taken, the standard reader takes with the same value;
// what it refuses is refused.
func FuzzParseJSON(f *testing.F) {
	for _, text := range jsonTexts {
		f.Add([]byte(text))
	}
	for _, text := range []string{`{"a":1,"a":2}`, `[1,]`, `01`, `"\ud800"`, "\"\xff\"", `1 2`, `{"a" 1}`, `tru`, `[`, `"`, `-`, `1.e1`} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		n, refused := parseJSON(raw, DefaultLimits)
		if refused != nil {
			if refused.Detail() == "" || refused.HTTPStatus() < 400 {
				t.Errorf("refusal %+v", refused)
			}
			return
		}
		want, err := standard(raw)
		if err != nil {
			t.Fatalf("the standard reader refuses it: %v", err)
		}
		if diff := cmp.Diff(want, plain(n)); diff != "" {
			t.Errorf("(-standard +ours):\n%s", diff)
		}
	})
}
