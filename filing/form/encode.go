package form

import (
	"encoding/json"
	"fmt"
	"strconv"
)

// Encode writes values as a report body, {"values": {…}}, in form order, one
// key a line: the same values give the same bytes. Keys that the form does not
// have and values of the wrong Go type are an error.
func (f *Form) Encode(values Values) ([]byte, error) {
	out := append(make([]byte, 0, 32<<10), "{\"values\": {"...)
	written := 0
	for _, field := range f.order {
		value, ok := values[field.Key]
		if !ok {
			continue
		}
		if written > 0 {
			out = append(out, ',')
		}
		written++
		out = append(out, '\n')
		out = appendString(out, field.Key)
		out = append(out, ": "...)
		var err error
		if out, err = field.append(out, value); err != nil {
			return nil, fmt.Errorf("encode %s: %w", field.Key, err)
		}
	}
	if written != len(values) {
		for key := range values {
			if _, ok := f.values[key]; !ok {
				return nil, fmt.Errorf("encode %s: form %s has no such key", key, f.Code)
			}
		}
	}
	return append(out, "\n}}"...), nil
}

// append writes one value in the way its kind is written in a body.
func (f *Field) append(out []byte, value any) ([]byte, error) {
	switch v := value.(type) {
	case int64:
		if text, ok := f.FormatInt(v); ok {
			if f.Kind.Base() == KindMoney || f.Kind.Base() == KindPercent || f.Decimals > 0 {
				return appendString(out, text), nil
			}
			return append(out, text...), nil
		}
	case string:
		return appendString(out, v), nil
	case []string:
		text, err := json.Marshal(v)
		return append(out, text...), err
	case map[string]any:
		return f.appendRow(out, v)
	case []map[string]any:
		out = append(out, '[')
		for i, row := range v {
			if i > 0 {
				out = append(out, ", "...)
			}
			var err error
			if out, err = f.appendRow(out, row); err != nil {
				return nil, err
			}
		}
		return append(out, ']'), nil
	}
	return nil, fmt.Errorf("a %s cannot be %T", f.Kind, value)
}

func (f *Field) appendRow(out []byte, row map[string]any) ([]byte, error) {
	out = append(out, '{')
	written := 0
	for _, c := range f.Columns {
		value, ok := row[c.Key]
		if !ok {
			continue
		}
		if written > 0 {
			out = append(out, ", "...)
		}
		written++
		out = append(appendString(out, c.Key), ": "...)
		var err error
		if out, err = c.append(out, value); err != nil {
			return nil, fmt.Errorf("column %s: %w", c.Key, err)
		}
	}
	return append(out, '}'), nil
}

// FormatInt writes a decoded number of the field as a body has it, without
// quotes: "1234.50" for money, "12.50" for a percent or hours, else an integer.
// ok is false where the kind is not a number.
func (f *Field) FormatInt(n int64) (text string, ok bool) {
	switch f.Kind.Base() {
	case KindMoney, KindPercent:
		return formatHundredths(n), true
	case KindNumber, KindYear:
		if f.Decimals > 0 {
			return formatHundredths(n), true
		}
		return strconv.FormatInt(n, 10), true
	default:
		return "", false
	}
}

func formatHundredths(n int64) string {
	sign := ""
	if n < 0 {
		sign, n = "-", -n
	}
	return fmt.Sprintf("%s%d.%02d", sign, n/100, n%100)
}

// appendString writes a JSON string without the HTML escapes of json.Marshal.
func appendString(out []byte, s string) []byte {
	out = append(out, '"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			out = append(out, '\\', byte(r))
		case r == '\n':
			out = append(out, `\n`...)
		case r < 0x20:
			out = fmt.Appendf(out, `\u%04x`, r)
		default:
			out = append(out, string(r)...)
		}
	}
	return append(out, '"')
}
