package form

import (
	"bytes"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// compileSchema reads a form's schema; the compiler checks it against the
// 2020-12 meta-schema.
func compileSchema(t *testing.T, f *Form) *jsonschema.Schema {
	t.Helper()
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(f.Schema()))
	if err != nil {
		t.Fatal(err)
	}
	compiler := jsonschema.NewCompiler()
	compiler.AssertFormat()
	if err := compiler.AddResource("form.json", document); err != nil {
		t.Fatal(err)
	}
	schema, err := compiler.Compile("form.json")
	if err != nil {
		t.Fatal(err)
	}
	return schema
}

func instance(t *testing.T, f *Form, values Values) map[string]any {
	t.Helper()
	raw, err := f.Encode(values)
	if err != nil {
		t.Fatal(err)
	}
	decoded, err := jsonschema.UnmarshalJSON(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	return decoded.(map[string]any)["values"].(map[string]any)
}

func TestSamplesMeetTheSchema(t *testing.T) {
	schemas := map[string]*jsonschema.Schema{}
	for _, c := range sampleCases() {
		f := defaultForm(t, c.form)
		schema, ok := schemas[c.form]
		if !ok {
			schema = compileSchema(t, f)
			schemas[c.form] = schema
		}
		if err := schema.Validate(instance(t, f, f.Sample(c.options))); err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

func TestSchemaRefuses(t *testing.T) {
	f := defaultForm(t, "service-2004")
	schema := compileSchema(t, f)
	values := f.Sample(sampleCases()[0].options)
	for key, bad := range map[string]any{
		"bs_cash.opening": "-0.00", "bs_cash.closing": 12, "report_date": "2018-02-30", "charity": "是", "employees": "5",
		"volunteer_hours": "1.234", "gov_contracts": []any{map[string]any{"buyer": "甲"}}, "unknown": "x", "uscc": "1234567890123456789",
	} {
		body := instance(t, f, values)
		body[key] = bad
		if err := schema.Validate(body); err == nil {
			t.Errorf("%s = %v is taken", key, bad)
		}
	}
	for _, key := range []string{"bs_cash.opening", "name", "change_table"} {
		body := instance(t, f, values)
		delete(body, key)
		if err := schema.Validate(body); err == nil {
			t.Errorf("a report without %s is taken", key)
		}
	}
}
