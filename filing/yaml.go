package filing

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"

	"nianbao/internal/workday"
)

// fileProblems collects what is wrong with a season file, so that one reading shows it all.
type fileProblems struct{ list []string }

func (p *fileProblems) at(node ast.Node, key, format string, args ...any) {
	line := 0
	if node != nil && node.GetToken() != nil {
		line = node.GetToken().Position.Line
	}
	p.list = append(p.list, fmt.Sprintf("line %d: %s: %s", line, key, fmt.Sprintf(format, args...)))
}

func (p *fileProblems) about(key, format string, args ...any) {
	p.list = append(p.list, key+": "+fmt.Sprintf(format, args...))
}

// reader puts one YAML value where it belongs, or tells the problem. The YAML
// library's own decoding into structs is not used: it reads 040100 as octal,
// cuts 1.5 to 1 and forgets the line of a bad date.
type reader func(p *fileProblems, key string, node ast.Node)

// parseMapping reads data as one document that is a mapping with these keys.
// The error is the YAML library's for text that is no YAML at all.
func parseMapping(data []byte, keys map[string]reader, p *fileProblems) error {
	file, err := parser.ParseBytes(data, 0)
	if err != nil {
		return fmt.Errorf("not a YAML file: %w", err)
	}
	if len(file.Docs) != 1 || file.Docs[0].Body == nil {
		p.about("file", "must be one YAML document with the keys of a season")
		return nil
	}
	mapping(keys)(p, "file", file.Docs[0].Body)
	return nil
}

func mapping(keys map[string]reader) reader {
	return func(p *fileProblems, key string, node ast.Node) {
		values, ok := mappingValues(node)
		if !ok {
			p.at(node, key, "must be a mapping (key: value)")
			return
		}
		for _, value := range values {
			name := value.Key.String()
			full := name
			if key != "file" {
				full = key + "." + name
			}
			read, known := keys[name]
			if !known {
				p.at(value, full, "unknown key")
				continue
			}
			read(p, full, value.Value)
		}
	}
}

func mappingValues(node ast.Node) ([]*ast.MappingValueNode, bool) {
	switch n := node.(type) {
	case *ast.MappingNode:
		return n.Values, true
	case *ast.MappingValueNode:
		return []*ast.MappingValueNode{n}, true
	}
	return nil, false
}

// list reads a sequence whose elements each goes through one; start is called
// first, so that the file's list replaces the default.
func list(start func(), one reader) reader {
	return func(p *fileProblems, key string, node ast.Node) {
		seq, ok := node.(*ast.SequenceNode)
		if !ok {
			p.at(node, key, "must be a list")
			return
		}
		start()
		for i, value := range seq.Values {
			one(p, fmt.Sprintf("%s[%d]", key, i+1), value)
		}
	}
}

// nullable calls clear for null and reads anything else.
func nullable(clear func(), read reader) reader {
	return func(p *fileProblems, key string, node ast.Node) {
		if _, null := node.(*ast.NullNode); null {
			clear()
			return
		}
		read(p, key, node)
	}
}

// scalar is the text of a plain value as it stands in the file; ok is false for
// null, lists, mappings, anchors and tags.
func scalar(node ast.Node) (text string, ok bool) {
	switch n := node.(type) {
	case *ast.StringNode:
		return n.Value, true
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode:
		return node.GetToken().Value, true
	case *ast.LiteralNode:
		return strings.TrimSpace(n.Value.Value), true
	}
	return "", false
}

func text(set func(string)) reader {
	return func(p *fileProblems, key string, node ast.Node) {
		s, ok := scalar(node)
		s = strings.TrimSpace(s)
		if !ok || s == "" {
			p.at(node, key, "must be a text")
			return
		}
		set(s)
	}
}

// word reads one of the allowed words.
func word[W ~string](set func(W), allowed ...W) reader {
	return func(p *fileProblems, key string, node ast.Node) {
		s, _ := scalar(node)
		for _, w := range allowed {
			if s == string(w) {
				set(w)
				return
			}
		}
		p.at(node, key, "%q must be one of %s", s, joinWords(allowed))
	}
}

func joinWords[W ~string](words []W) string {
	parts := make([]string, len(words))
	for i, w := range words {
		parts[i] = string(w)
	}
	return strings.Join(parts, ", ")
}

func date(set func(workday.Date)) reader {
	return func(p *fileProblems, key string, node ast.Node) {
		s, _ := scalar(node)
		d, err := workday.ParseDate(s)
		if err != nil {
			p.at(node, key, "%q must be a date, YYYY-MM-DD", s)
			return
		}
		set(d)
	}
}

var wholeNumber = regexp.MustCompile(`^(0|[1-9][0-9]{0,9})$`)

// whole reads a whole number from low to high.
func whole(set func(int), low, high int) reader {
	return func(p *fileProblems, key string, node ast.Node) {
		s, _ := scalar(node)
		n, err := strconv.Atoi(s)
		if err != nil || !wholeNumber.MatchString(s) || n < low || n > high {
			p.at(node, key, "%q must be a whole number from %d to %d", s, low, high)
			return
		}
		set(n)
	}
}

func boolean(set func(bool)) reader {
	return func(p *fileProblems, key string, node ast.Node) {
		if n, ok := node.(*ast.BoolNode); ok {
			set(n.Value)
			return
		}
		s, _ := scalar(node)
		p.at(node, key, "%q must be true or false", s)
	}
}
