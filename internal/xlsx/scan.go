package xlsx

import (
	"encoding/xml"
	"errors"
	"io"
	"strconv"
	"strings"
)

const (
	// maxToken is how much of a part one element, with its attributes, or one text may take.
	maxToken = 256 << 10
	// maxDepth is how deep elements may stand in each other.
	maxDepth = 64
)

// scanner gives the elements of one part. What is unpacked counts against the
// limit of all parts as it comes, and no single element can grow without bound.
type scanner struct {
	parts      *parts
	body       io.ReadCloser
	xml        *xml.Decoder
	sinceToken int
	depth      int
}

// scan opens a part; ok is false where there is no such part.
func (p *parts) scan(name string) (s *scanner, ok bool, err error) {
	f, ok := p.files[name]
	if !ok {
		return nil, false, nil
	}
	body, err := f.Open()
	if err != nil {
		return nil, true, errDamaged
	}
	s = &scanner{parts: p, body: body}
	s.xml = xml.NewDecoder(s)
	return s, true, nil
}

// Read gives the decoder what it may have.
func (s *scanner) Read(into []byte) (int, error) {
	if s.parts.left <= 0 || s.sinceToken > maxToken {
		return 0, tooLarge("文件解压后太大")
	}
	if int64(len(into)) > s.parts.left {
		into = into[:s.parts.left]
	}
	n, err := s.body.Read(into)
	s.parts.left -= int64(n)
	s.sinceToken += n
	return n, err //nolint:wrapcheck // the decoder must see io.EOF as it is
}

func (s *scanner) close() { _ = s.body.Close() } // of a part of an archive in memory

// next is the next token, io.EOF after the last; other errors are an *Error.
func (s *scanner) next() (xml.Token, error) {
	token, err := s.xml.Token()
	s.sinceToken = 0
	var refused *Error
	switch {
	case err == nil:
	case errors.Is(err, io.EOF):
		return nil, io.EOF
	case errors.As(err, &refused):
		return nil, refused
	default:
		return nil, errDamaged
	}
	switch token.(type) {
	case xml.StartElement:
		if s.depth++; s.depth > maxDepth {
			return nil, errDamaged
		}
	case xml.EndElement:
		s.depth--
	}
	return token, nil
}

// each calls visit for every element of a part; a part that is not there has
// none. visit may read the element's inside with the scanner.
func (p *parts) each(name string, visit func(*scanner, xml.StartElement) error) error {
	s, ok, err := p.scan(name)
	if !ok || err != nil {
		return err
	}
	defer s.close()
	for {
		token, err := s.next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if element, ok := token.(xml.StartElement); ok {
			if err := visit(s, element); err != nil {
				return err
			}
		}
	}
}

// inside calls visit for every token up to the end of the element that was just
// begun.
func (s *scanner) inside(visit func(xml.Token) error) error {
	end := s.depth - 1
	for {
		token, err := s.next()
		if errors.Is(err, io.EOF) {
			return errDamaged
		}
		if err != nil {
			return err
		}
		if s.depth == end {
			return nil
		}
		if err := visit(token); err != nil {
			return err
		}
	}
}

// attr is an attribute's value by its local name, "" if it has none.
func attr(e xml.StartElement, name string) string {
	for _, a := range e.Attr {
		if a.Name.Local == name {
			return a.Value
		}
	}
	return ""
}

func flag(e xml.StartElement, name string) bool {
	value := attr(e, name)
	return value == "1" || value == "true"
}

// textRun gathers the text of a string item: its t elements, plain or in runs,
// without the phonetic ones.
type textRun struct {
	text     strings.Builder
	in       bool // inside t
	phonetic int  // depth inside rPh
}

func (r *textRun) take(token xml.Token) {
	switch t := token.(type) {
	case xml.StartElement:
		switch {
		case r.phonetic > 0 || t.Name.Local == "rPh":
			r.phonetic++
		case t.Name.Local == "t":
			r.in = true
		}
	case xml.EndElement:
		if r.phonetic > 0 {
			r.phonetic--
		} else if t.Name.Local == "t" {
			r.in = false
		}
	case xml.CharData:
		if r.in && r.phonetic == 0 {
			r.text.Write(t)
		}
	}
}

func (r *textRun) String() string { return unescape(r.text.String()) }

// unescape reads _xHHHH_, by which the format writes signs that XML cannot hold
// (ECMA-376 part 1, 22.9.2.19).
func unescape(s string) string {
	if !strings.Contains(s, "_x") {
		return s
	}
	var out strings.Builder
	for i := 0; i < len(s); {
		if i+7 <= len(s) && s[i] == '_' && s[i+1] == 'x' && s[i+6] == '_' {
			if code, err := strconv.ParseUint(s[i+2:i+6], 16, 16); err == nil {
				out.WriteRune(rune(code))
				i += 7
				continue
			}
		}
		out.WriteByte(s[i])
		i++
	}
	return out.String()
}
