package api

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"unicode/utf8"

	"nianbao/internal/web"
)

// maxDepth is how deep arrays and objects may nest in a body that is no report; a report's own reader has its limit.
const maxDepth = 8

// Refusals of a body. What is no JSON as it must be is 400, JSON of another shape 422.
var (
	errNotUTF8   = web.NewError(http.StatusBadRequest, "invalid_utf8", "请求内容不是有效的UTF-8编码，请以UTF-8编码重新发送。")
	errMalformed = web.NewError(http.StatusBadRequest, "malformed_json", "请求内容不是有效的JSON，请更正后重新发送。")
	errTooDeep   = web.NewError(http.StatusBadRequest, "too_deep", fmt.Sprintf("请求内容嵌套超过%d层，请按接口说明的格式发送。", maxDepth))
	errControl   = web.NewError(http.StatusUnprocessableEntity, "bad_character", "请求内容中有不可见的控制字符，请删除后重新发送。")
	errShape     = web.NewError(http.StatusUnprocessableEntity, "wrong_shape", "请求内容的结构或格式不符合接口说明（日期写作 YYYY-MM-DD，时间须带时区），请更正后重新发送。")
)

func duplicateKey(key string) error {
	return web.NewError(http.StatusBadRequest, "duplicate_key", "请求内容中的“"+clip(key)+"”出现了两次，请只保留一个。")
}

func unknownMember(key string) error {
	return web.NewError(http.StatusUnprocessableEntity, "unknown_member", "请求内容中的“"+clip(key)+"”不在接口说明中，请核对名称。")
}

func wrongType(key string) error {
	return web.NewError(http.StatusUnprocessableEntity, "wrong_type", "请求内容中“"+clip(key)+"”的类型或格式不对，请对照接口说明更正。")
}

// clip keeps a quoted name readable.
func clip(s string) string {
	const most = 60
	if utf8.RuneCountInString(s) > most {
		return string([]rune(s)[:most]) + "…"
	}
	return s
}

// decodeStrict reads a body into a generated type. Beyond what the standard decoder refuses it refuses unknown
// members (also in other letter case), members that come twice, invalid UTF-8, lone surrogates, control characters,
// deep nesting and anything after the value.
func decodeStrict(body []byte, into any) error {
	if !utf8.Valid(body) {
		return errNotUTF8
	}
	if err := scan(body); err != nil {
		return err
	}
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.DisallowUnknownFields()
	err := decoder.Decode(into)
	var typeError *json.UnmarshalTypeError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &typeError) && typeError.Field != "":
		return wrongType(typeError.Field)
	}
	if _, name, ok := strings.Cut(err.Error(), "unknown field "); ok {
		return unknownMember(strings.Trim(name, `"`))
	}
	return errShape
}

// scan looks at every token once.
func scan(body []byte) error {
	s := scanner{decoder: json.NewDecoder(bytes.NewReader(body)), surrogates: !bytes.ContainsRune(body, utf8.RuneError)}
	s.decoder.UseNumber()
	for {
		token, err := s.decoder.Token()
		switch {
		case errors.Is(err, io.EOF) && s.values == 1 && len(s.open) == 0:
			return nil
		case err != nil:
			return errMalformed
		}
		if err := s.see(token); err != nil {
			return err
		}
	}
}

// container is an open array or object.
type container struct {
	keys  map[string]bool // nil for an array
	value bool            // in an object: the next token is a value
}

type scanner struct {
	decoder    *json.Decoder
	open       []container
	values     int  // complete values at the top
	surrogates bool // a replacement character can only stem from a lone surrogate
}

func (s *scanner) see(token json.Token) error {
	if delim, ok := token.(json.Delim); ok {
		return s.delim(delim)
	}
	if text, ok := token.(string); ok {
		if s.surrogates && strings.ContainsRune(text, utf8.RuneError) {
			return errMalformed
		}
		if strings.ContainsFunc(text, isControl) {
			return errControl
		}
		if top := s.top(); top != nil && top.keys != nil && !top.value {
			return top.key(text)
		}
	}
	s.complete()
	return nil
}

func (s *scanner) top() *container {
	if len(s.open) == 0 {
		return nil
	}
	return &s.open[len(s.open)-1]
}

func (s *scanner) delim(d json.Delim) error {
	switch d {
	case '{', '[':
		if len(s.open) == maxDepth {
			return errTooDeep
		}
		c := container{}
		if d == '{' {
			c.keys = map[string]bool{}
		}
		s.open = append(s.open, c)
	default:
		s.open = s.open[:len(s.open)-1]
		s.complete()
	}
	return nil
}

// complete notes that a value has been read.
func (s *scanner) complete() {
	if top := s.top(); top != nil {
		top.value = false
		return
	}
	s.values++
}

// key notes a member's name. All of ours are small ASCII letters; the standard decoder would take others for them.
func (c *container) key(name string) error {
	if strings.ContainsFunc(name, func(r rune) bool { return (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '_' }) {
		return unknownMember(name)
	}
	if c.keys[name] {
		return duplicateKey(name)
	}
	c.keys[name], c.value = true, true
	return nil
}

func isControl(r rune) bool { return r < ' ' && r != '\n' && r != '\r' && r != '\t' || r == 0x7F }
