package form

import (
	"encoding/json"
	"slices"
)

const (
	decimalPattern = `^(0\.00|-?0\.(0[1-9]|[1-9][0-9])|-?[1-9][0-9]{0,12}\.[0-9]{2})$`
	hoursPattern   = `^(0|[1-9][0-9]{0,12})(\.[0-9]{1,2})?$`
	datePattern    = `^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$`
	// largest is the largest figure without decimals, maxWhole nines.
	largest = 9_999_999_999_999
)

type object = map[string]any

// Schema is the JSON Schema (2020-12) of the form's "values". It says what can
// be said without looking at other fields: "required" names only what is asked
// of everyone, and sums are left to the form checks.
func (f *Form) Schema() []byte { return slices.Clone(f.schema) }

func (f *Form) buildSchema() ([]byte, error) {
	properties, required := object{}, []string{}
	for _, field := range f.order {
		properties[field.Key] = field.schema()
		if field.alwaysRequired() {
			required = append(required, field.Key)
		}
	}
	return json.Marshal(object{
		"$schema":              "https://json-schema.org/draft/2020-12/schema",
		"$id":                  "urn:nianbao:form:" + f.Code,
		"title":                f.Title,
		"type":                 "object",
		"properties":           properties,
		"required":             required,
		"additionalProperties": false,
		"$defs": object{
			"decimal": object{"type": "string", "pattern": decimalPattern},
			"date":    object{"type": "string", "format": "date", "pattern": datePattern},
			"hours": object{"oneOf": []object{
				{"type": "integer", "minimum": 0, "maximum": largest},
				{"type": "string", "pattern": hoursPattern},
			}},
		},
	})
}

// alwaysRequired reports whether the field is asked of every organisation.
func (f *Field) alwaysRequired() bool {
	return f.Required && f.When == nil && (f.Parent == nil || f.Parent.When == nil) && (f.Section.When == nil)
}

func (f *Field) schema() object {
	s := f.valueSchema()
	s["title"] = f.Label
	if f.Help != "" {
		s["description"] = f.Help
	}
	return s
}

func (f *Field) valueSchema() object {
	switch f.Kind {
	case KindText, KindLongText:
		return object{"type": "string", "maxLength": f.MaxLen}
	case KindDate:
		return object{"$ref": "#/$defs/date"}
	case KindChoice:
		return f.choiceSchema()
	case KindMultiChoice:
		return object{"type": "array", "items": f.choiceSchema(), "uniqueItems": true}
	case KindTable:
		return object{"type": "array", "items": f.rowSchema(), "minItems": f.MinRows, "maxItems": f.MaxRows}
	case KindTableRow:
		return f.rowSchema()
	case KindNumber, KindNumberCalc, KindYear:
		if f.Decimals > 0 {
			return object{"$ref": "#/$defs/hours"}
		}
		return f.integerSchema()
	default:
		return object{"$ref": "#/$defs/decimal"}
	}
}

func (f *Field) integerSchema() object {
	s := object{"type": "integer", "maximum": int64(largest)}
	if f.Lower != nil {
		s["minimum"] = *f.Lower
	}
	if f.Upper != nil {
		s["maximum"] = *f.Upper
	}
	return s
}

func (f *Field) choiceSchema() object {
	options := make([]object, len(f.Options))
	for i, o := range f.Options {
		options[i] = object{"const": o.Code, "title": o.Label}
	}
	return object{"oneOf": options}
}

func (f *Field) rowSchema() object {
	properties, required := object{}, []string{}
	for _, c := range f.Columns {
		properties[c.Key] = c.schema()
		if c.Required && c.When == nil {
			required = append(required, c.Key)
		}
	}
	return object{"type": "object", "properties": properties, "required": required, "additionalProperties": false}
}
