package form

import (
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// number reads a number by the JSON grammar and keeps it as written.
func (s *scanner) number() (node, *BodyError) {
	start := s.at
	s.take('-')
	if !s.take('0') && !s.digits() {
		return node{}, s.syntax()
	}
	if s.take('.') && !s.digits() {
		return node{}, s.syntax()
	}
	if s.take('e') || s.take('E') {
		if !s.take('+') {
			s.take('-')
		}
		if !s.digits() {
			return node{}, s.syntax()
		}
	}
	return node{kind: nodeNumber, text: string(s.in[start:s.at])}, nil
}

func (s *scanner) digits() bool {
	start := s.at
	for s.at < len(s.in) && s.in[s.at] >= '0' && s.in[s.at] <= '9' {
		s.at++
	}
	return s.at > start
}

// str reads a string; the input is known to be valid UTF-8.
func (s *scanner) str() (string, *BodyError) {
	s.at++
	start := s.at
	for s.at < len(s.in) {
		switch c := s.in[s.at]; {
		case c == '"':
			text := string(s.in[start:s.at])
			s.at++
			return text, nil
		case c == '\\':
			return s.escaped(start)
		case c < 0x20:
			return "", s.syntax()
		}
		s.at++
	}
	return "", s.syntax()
}

// escaped goes on with a string from its first escape.
func (s *scanner) escaped(start int) (string, *BodyError) {
	out := append(make([]byte, 0, s.at-start+64), s.in[start:s.at]...)
	for s.at < len(s.in) {
		c := s.in[s.at]
		switch {
		case c == '"':
			s.at++
			return string(out), nil
		case c < 0x20:
			return "", s.syntax()
		case c != '\\':
			out = append(out, c)
			s.at++
			continue
		}
		r, err := s.escape()
		if err != nil {
			return "", err
		}
		out = utf8.AppendRune(out, r)
	}
	return "", s.syntax()
}

var simpleEscapes = map[byte]rune{'"': '"', '\\': '\\', '/': '/', 'b': '\b', 'f': '\f', 'n': '\n', 'r': '\r', 't': '\t'}

func (s *scanner) escape() (rune, *BodyError) {
	if s.at+1 >= len(s.in) {
		return 0, s.syntax()
	}
	c := s.in[s.at+1]
	if r, ok := simpleEscapes[c]; ok {
		s.at += 2
		return r, nil
	}
	if c != 'u' {
		return 0, s.syntax()
	}
	r, ok := s.hex()
	if !ok {
		return 0, s.syntax()
	}
	if !utf16.IsSurrogate(r) {
		return r, nil
	}
	low, ok := s.hex()
	if pair := utf16.DecodeRune(r, low); ok && pair != utf8.RuneError {
		return pair, nil
	}
	return 0, malformed("invalid_utf8", "报告内容含有不成对的代理字符（\\u%x），请更正后重新发送。", r)
}

// hex reads \uXXXX at the current place.
func (s *scanner) hex() (rune, bool) {
	if s.at+6 > len(s.in) || s.in[s.at] != '\\' || s.in[s.at+1] != 'u' {
		return 0, false
	}
	n, err := strconv.ParseUint(string(s.in[s.at+2:s.at+6]), 16, 32)
	if err != nil {
		return 0, false
	}
	s.at += 6
	return rune(n), true
}

// clip shortens what a caller sent before it is quoted in a message.
func clip(s string) string {
	const longest = 40
	if utf8.RuneCountInString(s) <= longest {
		return s
	}
	return string([]rune(s)[:longest]) + "…"
}
