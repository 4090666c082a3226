package web

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/labstack/echo/v4"

	"nianbao/internal/account"
	"nianbao/internal/web"
)

// APIDoc is the description of the API, laid out for reading.
type APIDoc struct {
	Title, Version string
	Base           string // such as /api/v1
	Text           []string
	Groups         []APIGroup
	Schemas        []APISchema
}

// APIGroup is the calls under one tag.
type APIGroup struct {
	ID, Title string
	Calls     []APICall
}

// APICall is one call.
type APICall struct {
	ID, Method, Path, Summary, Who string
	Right                          string // that a filer's token needs
	Parameters                     []APIField
	Body                           APIType
	Answers                        []APIAnswer
}

// APIAnswer is one answer of a call.
type APIAnswer struct {
	Status, Text string
	Body         APIType
}

// APISchema is a named type.
type APISchema struct {
	ID, Name, Text string
	Type           APIType
	Fields         []APIField
}

// APIField is a parameter or a property.
type APIField struct {
	Name, In, Text string
	Required       bool
	Type           APIType
}

// APIType is a type in a few words; with Href it is a named one, described on the page.
type APIType struct{ Text, Href string }

// APIDocsPage shows the description.
type APIDocsPage struct {
	web.Page
	API APIDoc
}

func (p *Pages) apiDocs(c echo.Context) error {
	return p.App.Render(c, http.StatusOK, "public/api-docs", APIDocsPage{Page: p.App.NewPage(c, "数据接口"), API: p.docs})
}

// reader of one description.
type apiReader struct{ root object }

var errNoAPI = errors.New("the API description has no paths")

func readAPI(raw []byte) (APIDoc, error) {
	var root yaml.MapSlice
	if err := yaml.UnmarshalWithOptions(raw, &root, yaml.UseOrderedMap()); err != nil {
		return APIDoc{}, fmt.Errorf("read the API description: %w", err)
	}
	r := apiReader{object(root)}
	if len(r.root.object("paths")) == 0 {
		return APIDoc{}, errNoAPI
	}
	doc := APIDoc{Title: r.root.text("info", "title"), Version: r.root.text("info", "version"), Text: paragraphs(r.root.text("info", "description"))}
	if servers := r.root.list("servers"); len(servers) > 0 {
		if server, ok := ordered(servers[0]).(object); ok {
			doc.Base = server.text("url")
		}
	}
	doc.Groups = r.groups()
	doc.Schemas = r.schemas()
	return doc, nil
}

func paragraphs(text string) []string {
	var out []string
	for part := range strings.SplitSeq(text, "\n\n") {
		if part = strings.TrimSpace(part); part != "" {
			out = append(out, part)
		}
	}
	return out
}

func (r apiReader) groups() []APIGroup {
	var groups []APIGroup
	for _, tag := range r.root.list("tags") {
		if t, ok := ordered(tag).(object); ok {
			groups = append(groups, APIGroup{ID: "tag-" + t.text("name"), Title: t.text("description")})
		}
	}
	for _, item := range r.root.object("paths") {
		path := fmt.Sprint(item.Key)
		shared, ok := ordered(item.Value).(object)
		if !ok {
			continue
		}
		for _, method := range shared {
			call, ok := ordered(method.Value).(object)
			if !ok { // the parameters that all methods share
				continue
			}
			id := "tag-"
			if tags := call.list("tags"); len(tags) > 0 {
				id += fmt.Sprint(tags[0])
			}
			at := slices.IndexFunc(groups, func(g APIGroup) bool { return g.ID == id })
			if at < 0 {
				groups = append(groups, APIGroup{ID: id, Title: "其他"})
				at = len(groups) - 1
			}
			groups[at].Calls = append(groups[at].Calls, r.call(strings.ToUpper(fmt.Sprint(method.Key)), path, shared, call))
		}
	}
	return slices.DeleteFunc(groups, func(g APIGroup) bool { return len(g.Calls) == 0 })
}

func (r apiReader) call(method, path string, shared, o object) APICall {
	c := APICall{ID: "op-" + o.text("operationId"), Method: method, Path: path, Summary: o.text("summary"), Who: who(o), Right: o.text("x-right")}
	for _, list := range [][]any{shared.list("parameters"), o.list("parameters")} {
		for _, raw := range list {
			p := r.resolve(raw)
			c.Parameters = append(c.Parameters, APIField{
				Name: p.text("name"), In: places[p.text("in")], Text: p.text("description"), Required: p.text("required") == "true", Type: r.typeOf(p.get("schema")),
			})
		}
	}
	if body := r.resolve(o.get("requestBody")); body != nil {
		c.Body = r.content(body)
	}
	for _, item := range o.object("responses") {
		answer := r.resolve(item.Value)
		status := fmt.Sprint(item.Key)
		if status == "default" {
			status = "其他"
		}
		c.Answers = append(c.Answers, APIAnswer{Status: status, Text: answer.text("description"), Body: r.content(answer)})
	}
	return c
}

var places = map[string]string{"path": "路径", "query": "查询", "header": "请求头"}

// who may make the call, in the words of the roles.
func who(o object) string {
	roles := o.list("x-roles")
	if len(roles) == 0 {
		return "任何人"
	}
	labels := make([]string, len(roles))
	for i, role := range roles {
		labels[i] = fmt.Sprint(role)
		if label := account.Role(labels[i]).Label(); label != "" {
			labels[i] = label
		}
	}
	return strings.Join(labels, "、")
}

// content is the type of a body, with the media type where it is not JSON.
func (r apiReader) content(o object) APIType {
	for _, item := range o.object("content") {
		media, ok := ordered(item.Value).(object)
		if !ok {
			continue
		}
		t := r.typeOf(media.get("schema"))
		if kind := fmt.Sprint(item.Key); kind != "application/json" && t.Href == "" {
			t.Text = kind
		}
		return t
	}
	return APIType{}
}

func (r apiReader) schemas() []APISchema {
	var out []APISchema
	for _, item := range r.root.object("components", "schemas") {
		o, ok := ordered(item.Value).(object)
		if !ok {
			continue
		}
		name := fmt.Sprint(item.Key)
		s := APISchema{ID: "schema-" + name, Name: name, Text: o.text("description"), Fields: r.fields(o)}
		if len(s.Fields) == 0 {
			s.Type = r.typeOf(o)
		}
		out = append(out, s)
	}
	return out
}

// fields are the properties of an object, those of the parts of an allOf included.
func (r apiReader) fields(o object) []APIField {
	var out []APIField
	for _, part := range o.list("allOf") {
		out = append(out, r.fields(r.resolve(part))...)
	}
	required := o.list("required")
	for _, item := range o.object("properties") {
		name := fmt.Sprint(item.Key)
		property, ok := ordered(item.Value).(object)
		if !ok {
			continue
		}
		out = append(out, APIField{
			Name: name, Text: property.text("description"), Required: slices.Contains(required, any(name)), Type: r.typeOf(property),
		})
	}
	return out
}

const schemaRef = "#/components/schemas/"

// resolve follows a reference inside the description; what is no reference is itself.
func (r apiReader) resolve(v any) object {
	o, ok := ordered(v).(object)
	if !ok {
		return nil
	}
	ref := o.text("$ref")
	if ref == "" {
		return o
	}
	return r.root.object(strings.Split(strings.TrimPrefix(ref, "#/"), "/")...)
}

// typeOf says a type in a few words.
func (r apiReader) typeOf(v any) APIType {
	o, ok := ordered(v).(object)
	if !ok {
		return APIType{}
	}
	if name, ok := strings.CutPrefix(o.text("$ref"), schemaRef); ok {
		return APIType{Text: name, Href: "#schema-" + name}
	}
	for _, key := range []string{"oneOf", "anyOf"} {
		if parts := o.list(key); len(parts) > 0 {
			return r.union(parts)
		}
	}
	text := o.text("type")
	if types := o.list("type"); len(types) > 0 {
		words := make([]string, len(types))
		for i, t := range types {
			words[i] = fmt.Sprint(t)
		}
		text = strings.Join(words, " | ")
	}
	if text == "array" {
		item := r.typeOf(o.get("items"))
		return APIType{Text: item.Text + "[]", Href: item.Href}
	}
	if f := o.text("format"); f != "" {
		text += " (" + f + ")"
	}
	if words := o.list("enum"); len(words) > 0 {
		quoted := make([]string, len(words))
		for i, w := range words {
			quoted[i] = strconv.Quote(fmt.Sprint(w))
		}
		text = strings.Join(quoted, " | ")
	}
	return APIType{Text: text}
}

func (r apiReader) union(parts []any) APIType {
	var t APIType
	for i, part := range parts {
		each := r.typeOf(part)
		if i > 0 {
			t.Text += " | "
		}
		t.Text += each.Text
		if t.Href == "" {
			t.Href = each.Href
		}
	}
	return t
}
