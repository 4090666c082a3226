package form

import (
	"bytes"
	"strconv"
	"unicode/utf8"
)

// nodeKind is the JSON kind of a node.
type nodeKind byte

const (
	nodeNull nodeKind = iota
	nodeBool
	nodeNumber
	nodeString
	nodeArray
	nodeObject
)

// node is one JSON value. The standard decoder takes duplicate keys, invalid
// UTF-8 and lone surrogates without a word; this reader refuses them.
type node struct {
	kind    nodeKind
	text    string   // of a string, decoded; of a number, as written
	items   []node   // of an array
	members []member // of an object
}

type member struct {
	key   string
	value node
}

// smallObject is up to how many members a duplicate is looked for one by one.
const smallObject = 16

type scanner struct {
	in     []byte
	at     int
	depth  int
	limits Limits
}

// parseJSON reads one JSON text, whole.
func parseJSON(raw []byte, limits Limits) (node, *BodyError) {
	if len(raw) > limits.MaxBytes {
		return node{}, &BodyError{status: 413, code: "body_too_large",
			detail: "报告内容超过" + strconv.Itoa(limits.MaxBytes>>10) + "KB，请精简文字，图片和文件请作为附件上传。"}
	}
	if !utf8.Valid(raw) {
		return node{}, malformed("invalid_utf8", "报告内容不是有效的UTF-8编码，请以UTF-8编码重新发送。")
	}
	s := &scanner{in: raw, limits: limits}
	s.space()
	value, err := s.value()
	if err != nil {
		return node{}, err
	}
	s.space()
	if s.at != len(s.in) {
		return node{}, s.syntax()
	}
	return value, nil
}

func (s *scanner) syntax() *BodyError {
	line := 1 + bytes.Count(s.in[:s.at], []byte{'\n'})
	column := utf8.RuneCount(s.in[bytes.LastIndexByte(s.in[:s.at], '\n')+1:s.at]) + 1
	return malformed("malformed_json", "报告内容不是有效的JSON，错误在第%d行第%d个字符附近，请更正后重新发送。", line, column)
}

func (s *scanner) space() {
	for s.at < len(s.in) {
		switch s.in[s.at] {
		case ' ', '\t', '\n', '\r':
			s.at++
		default:
			return
		}
	}
}

func (s *scanner) value() (node, *BodyError) {
	if s.at == len(s.in) {
		return node{}, s.syntax()
	}
	switch c := s.in[s.at]; {
	case c == '"':
		text, err := s.str()
		return node{kind: nodeString, text: text}, err
	case c == '{':
		return s.nested(s.object)
	case c == '[':
		return s.nested(s.array)
	case c == '-' || c >= '0' && c <= '9':
		return s.number()
	}
	for _, word := range []struct {
		text string
		kind nodeKind
	}{{"null", nodeNull}, {"true", nodeBool}, {"false", nodeBool}} {
		if bytes.HasPrefix(s.in[s.at:], []byte(word.text)) {
			s.at += len(word.text)
			return node{kind: word.kind, text: word.text}, nil
		}
	}
	return node{}, s.syntax()
}

func (s *scanner) nested(read func() (node, *BodyError)) (node, *BodyError) {
	s.depth++
	if s.depth > s.limits.MaxDepth {
		return node{}, malformed("too_deep", "报告内容嵌套超过%d层，请按报告表的格式发送。", s.limits.MaxDepth)
	}
	s.at++
	s.space()
	n, err := read()
	s.depth--
	return n, err
}

func (s *scanner) object() (node, *BodyError) {
	n := node{kind: nodeObject}
	if s.take('}') {
		return n, nil
	}
	keys := uniqueKeys{members: &n.members}
	for {
		if s.at == len(s.in) || s.in[s.at] != '"' {
			return n, s.syntax()
		}
		key, err := s.str()
		if err != nil {
			return n, err
		}
		if !keys.add(key) {
			return n, malformed("duplicate_key", "报告内容中的“%s”出现了两次，请只保留一个。", clip(key))
		}
		s.space()
		if !s.take(':') {
			return n, s.syntax()
		}
		s.space()
		value, err := s.value()
		if err != nil {
			return n, err
		}
		n.members = append(n.members, member{key, value})
		s.space()
		if s.take('}') {
			return n, nil
		}
		if !s.take(',') {
			return n, s.syntax()
		}
		s.space()
	}
}

// uniqueKeys notices a key that comes twice in one object.
type uniqueKeys struct {
	members *[]member
	seen    map[string]struct{} // only for large objects
}

func (u *uniqueKeys) add(key string) bool {
	if u.seen == nil {
		for _, m := range *u.members {
			if m.key == key {
				return false
			}
		}
		if len(*u.members) < smallObject {
			return true
		}
		u.seen = make(map[string]struct{}, 512)
		for _, m := range *u.members {
			u.seen[m.key] = struct{}{}
		}
	}
	if _, twice := u.seen[key]; twice {
		return false
	}
	u.seen[key] = struct{}{}
	return true
}

func (s *scanner) array() (node, *BodyError) {
	n := node{kind: nodeArray}
	if s.take(']') {
		return n, nil
	}
	for {
		value, err := s.value()
		if err != nil {
			return n, err
		}
		n.items = append(n.items, value)
		s.space()
		if s.take(']') {
			return n, nil
		}
		if !s.take(',') {
			return n, s.syntax()
		}
		s.space()
	}
}

func (s *scanner) take(c byte) bool {
	if s.at < len(s.in) && s.in[s.at] == c {
		s.at++
		return true
	}
	return false
}
