package form

import (
	"encoding/json"
	"strings"
	"testing"
)

func TestEncodeWritesInFormOrder(t *testing.T) {
	f := smallForm(t)
	raw, err := f.Encode(Values{
		"cf_in.amount": int64(-123456), "rows": []map[string]any{{"on": "2018-01-02", "flag": "yes"}, {}}, "hours": int64(150),
		"people": int64(3), "ways": []string{"no"}, "name": "a\"\\\n\u0001<é>𠮷", "given.total": int64(5),
	})
	if err != nil {
		t.Fatal(err)
	}
	want := `{"values": {
"name": "a\"\\\n\u0001<é>𠮷",
"ways": ["no"],
"given.total": "0.05",
"people": 3,
"hours": "1.50",
"rows": [{"flag": "yes", "on": "2018-01-02"}, {}],
"cf_in.amount": "-1234.56"
}}`
	if string(raw) != want {
		t.Errorf("got\n%s\nwant\n%s", raw, want)
	}
	if !json.Valid(raw) {
		t.Error("not JSON")
	}
	if empty, err := f.Encode(nil); err != nil || string(empty) != "{\"values\": {\n}}" {
		t.Errorf("no values: %s, %v", empty, err)
	}
}

func TestEncodeRefuses(t *testing.T) {
	f := smallForm(t)
	for name, tc := range map[string]struct {
		values Values
		want   string
	}{
		"unknown key":       {Values{"nothing": "x"}, "has no such key"},
		"line for a cell":   {Values{"cf_in": int64(1)}, "has no such key"},
		"plain int":         {Values{"people": 1}, "a number cannot be int"},
		"number for a text": {Values{"name": int64(1)}, "a text cannot be int64"},
		"float in a row":    {Values{"rows": []map[string]any{{"flag": 1.5}}}, "column flag: a choice cannot be float64"},
	} {
		if _, err := f.Encode(tc.values); err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: error %v, want %q", name, err, tc.want)
		}
	}
}

func TestFormatInt(t *testing.T) {
	f := smallForm(t)
	for _, tc := range []struct {
		key  string
		n    int64
		want string
		ok   bool
	}{
		{"cf_in.amount", 0, "0.00", true}, {"cf_in.amount", -5, "-0.05", true}, {"cf_in.amount", 123456, "1234.56", true},
		{"people", 12, "12", true}, {"hours", 12, "0.12", true}, {"name", 1, "", false},
	} {
		field, _ := f.Field(tc.key)
		if got, ok := field.FormatInt(tc.n); got != tc.want || ok != tc.ok {
			t.Errorf("%s %d: %q, %v", tc.key, tc.n, got, ok)
		}
	}
}

// TestFormAsJSON pins the shape that GET /forms/{form} gives away.
func TestFormAsJSON(t *testing.T) {
	raw, err := json.Marshal(smallForm(t))
	if err != nil {
		t.Fatal(err)
	}
	var got struct {
		Form     string
		Type     string
		Sections []struct {
			Code, Kind string
			Fields     []struct {
				Key, Kind, When, Line, Formula, Max string
				Required                            bool
				Options                             []struct{ Code, Label string }
				Columns                             []struct{ Key, When string }
				StatementColumns                    []struct{ Key, Label string } `json:"statement_columns"`
			}
		}
	}
	if err := json.Unmarshal(raw, &got); err != nil {
		t.Fatal(err)
	}
	fields := got.Sections[0].Fields
	if got.Form != "small-2004" || got.Type != "service" || got.Sections[1].Kind != "cash_flow" || got.Sections[1].Fields[1].Line != "2" {
		t.Errorf("head: %+v", got)
	}
	if fields[1].Options[0].Label != "是" || fields[4].When != "charity == yes" || fields[5].Max != "100" || !fields[0].Required {
		t.Errorf("fields: %+v", fields)
	}
	if fields[7].Columns[1].When != "flag == yes" || fields[3].StatementColumns[1].Key != "total" || fields[6].Formula != "people+people" {
		t.Errorf("columns: %+v", fields)
	}
	for _, hidden := range []string{"Parent", "Section\":", "null", "carry"} {
		if strings.Contains(string(raw), hidden) {
			t.Errorf("the JSON shows %q", hidden)
		}
	}
}
