package attachment

import (
	"bytes"
	"errors"
	"strconv"
)

// name and reference are the PDF values that Go has no type for. Others are
// nil, bool, int, float64, []byte, []any and map[string]any.
type (
	name      string
	reference int // number of the object; the generation says nothing to us
)

var (
	errSyntax = errors.New("not a PDF value")
	errCut    = errors.New("a PDF value without its end")
)

// maxNesting is how deep arrays and dictionaries may lie in each other.
const maxNesting = 32

// parser reads PDF values from a piece of a file.
type parser struct {
	data []byte
	at   int
}

func isSpace(b byte) bool {
	return b == ' ' || b == '\n' || b == '\r' || b == '\t' || b == '\f' || b == 0
}

func isDelimiter(b byte) bool { return bytes.IndexByte([]byte("()<>[]{}/%"), b) >= 0 }

// space skips white space and comments.
func (p *parser) space() {
	for p.at < len(p.data) {
		switch b := p.data[p.at]; {
		case isSpace(b):
			p.at++
		case b == '%':
			for p.at < len(p.data) && p.data[p.at] != '\n' && p.data[p.at] != '\r' {
				p.at++
			}
		default:
			return
		}
	}
}

// lineEnd skips the one line end behind the word stream.
func (p *parser) lineEnd() {
	if p.at < len(p.data) && p.data[p.at] == '\r' {
		p.at++
	}
	if p.at < len(p.data) && p.data[p.at] == '\n' {
		p.at++
	}
}

// word takes a keyword if it is next.
func (p *parser) word(w string) bool {
	p.space()
	if !bytes.HasPrefix(p.data[p.at:], []byte(w)) {
		return false
	}
	p.at += len(w)
	return true
}

// integer takes a whole number if it is next.
func (p *parser) integer() (int, bool) {
	p.space()
	end := p.at
	for end < len(p.data) && !isSpace(p.data[end]) && !isDelimiter(p.data[end]) {
		end++
	}
	if end-p.at > 15 {
		return 0, false
	}
	n, err := strconv.Atoi(string(p.data[p.at:end]))
	if err != nil {
		return 0, false
	}
	p.at = end
	return n, true
}

// header takes "number generation obj".
func (p *parser) header() (int, bool) {
	number, ok1 := p.integer()
	_, ok2 := p.integer()
	return number, ok1 && ok2 && p.word("obj")
}

// value takes the next value: errSyntax if there is none, errCut if the piece
// ends inside it.
func (p *parser) value(depth int) (any, error) {
	p.space()
	rest := p.data[p.at:]
	switch {
	case len(rest) == 0:
		return nil, errCut
	case depth > maxNesting:
		return nil, errSyntax
	case bytes.HasPrefix(rest, []byte("<<")):
		p.at += 2
		return p.dictionary(depth)
	case rest[0] == '<':
		return p.hex()
	case rest[0] == '(':
		return p.text()
	case rest[0] == '[':
		p.at++
		return p.array(depth)
	case rest[0] == '/':
		return p.name(), nil
	}
	return p.plain()
}

func (p *parser) dictionary(depth int) (any, error) {
	dict := map[string]any{}
	for {
		p.space()
		rest := p.data[p.at:]
		switch {
		case len(rest) < 2:
			return nil, errCut
		case rest[0] == '>' && rest[1] == '>':
			p.at += 2
			return dict, nil
		case rest[0] != '/':
			return nil, errSyntax
		}
		key := p.name()
		v, err := p.value(depth + 1)
		if err != nil {
			return nil, err
		}
		dict[string(key)] = v
	}
}

func (p *parser) array(depth int) (any, error) {
	list := []any{}
	for {
		p.space()
		if p.at >= len(p.data) {
			return nil, errCut
		}
		if p.data[p.at] == ']' {
			p.at++
			return list, nil
		}
		v, err := p.value(depth + 1)
		if err != nil {
			return nil, err
		}
		list = append(list, v)
	}
}

// name takes a name; escapes (#20) stay as they are, since none of the names
// that are looked for has one.
func (p *parser) name() name {
	begin := p.at + 1
	for p.at = begin; p.at < len(p.data) && !isSpace(p.data[p.at]) && !isDelimiter(p.data[p.at]); {
		p.at++
	}
	return name(p.data[begin:p.at])
}

// hex and text take strings, whose content says nothing to us.
func (p *parser) hex() (any, error) {
	end := bytes.IndexByte(p.data[p.at:], '>')
	if end < 0 {
		return nil, errCut
	}
	p.at += end + 1
	return []byte{}, nil
}

func (p *parser) text() (any, error) {
	for open := 0; p.at < len(p.data); p.at++ {
		switch p.data[p.at] {
		case '\\':
			p.at++
		case '(':
			open++
		case ')':
			if open--; open == 0 {
				p.at++
				return []byte{}, nil
			}
		}
	}
	return nil, errCut
}

// plain takes a number, a reference or a keyword.
func (p *parser) plain() (any, error) {
	end := p.at
	for end < len(p.data) && !isSpace(p.data[end]) && !isDelimiter(p.data[end]) {
		end++
	}
	token := string(p.data[p.at:end])
	switch token {
	case "":
		return nil, errSyntax
	case "true", "false":
		p.at = end
		return token == "true", nil
	case "null":
		p.at = end
		return nil, nil //nolint:nilnil // PDF's null
	}
	if n, ok := p.integer(); ok {
		return p.maybeReference(n), nil
	}
	f, err := strconv.ParseFloat(token, 64)
	if err != nil {
		return nil, errSyntax
	}
	p.at = end
	return f, nil
}

// maybeReference looks whether "generation R" follows a number.
func (p *parser) maybeReference(n int) any {
	ahead := &parser{data: p.data, at: p.at}
	if _, ok := ahead.integer(); !ok || n < 0 || !ahead.word("R") {
		return n
	}
	if ahead.at < len(ahead.data) && !isSpace(ahead.data[ahead.at]) && !isDelimiter(ahead.data[ahead.at]) {
		return n
	}
	p.at = ahead.at
	return reference(n)
}
