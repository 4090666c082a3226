package webtest

import (
	"bytes"
	"strings"
	"testing"

	"golang.org/x/net/html"
)

// leaks are texts that a template writes when a value is missing or of the
// wrong type.
var leaks = []string{"<no value>", "%!", "ZgotmplZ", "&lt;nil&gt;", "0001-01-01", "1年1月1日"}

// CheckHTML fails for what our pages must not have: inline styles, scripts and
// event attributes, ids twice, labels and links to ids that are not there,
// inputs without a name, more or fewer than one h1, values that leaked.
func CheckHTML(t testing.TB, name string, page []byte) {
	t.Helper()
	for _, leak := range leaks {
		if bytes.Contains(page, []byte(leak)) {
			t.Errorf("page %s contains %q", name, leak)
		}
	}
	root, err := html.Parse(bytes.NewReader(page))
	if err != nil {
		t.Errorf("page %s: %v", name, err)
		return
	}
	c := checker{ids: map[string]int{}, labelled: map[string]bool{}}
	c.walk(root)
	c.finish()
	for _, p := range c.problems {
		t.Errorf("page %s: %s", name, p)
	}
}

type checker struct {
	ids      map[string]int
	refs     []string
	inputs   []*html.Node
	labelled map[string]bool
	headings int
	problems []string
}

func (c *checker) complain(s string) { c.problems = append(c.problems, s) }

func attr(n *html.Node, key string) string {
	for _, a := range n.Attr {
		if a.Key == key {
			return a.Val
		}
	}
	return ""
}

func (c *checker) walk(n *html.Node) {
	if n.Type == html.ElementNode {
		c.attributes(n)
		c.element(n)
	}
	for child := n.FirstChild; child != nil; child = child.NextSibling {
		c.walk(child)
	}
}

func (c *checker) attributes(n *html.Node) {
	for _, a := range n.Attr {
		switch {
		case a.Key == "style" || strings.HasPrefix(a.Key, "on") || strings.HasPrefix(a.Key, "hx-on"):
			c.complain("<" + n.Data + "> has the attribute " + a.Key + ", which the policy forbids")
		case a.Key == "id" && a.Val != "": // an empty sample has empty ids
			c.ids[a.Val]++
		case a.Key == "for" || a.Key == "aria-labelledby" || a.Key == "aria-describedby":
			c.refs = append(c.refs, strings.Fields(a.Val)...)
		case a.Key == "href" && strings.HasPrefix(a.Val, "#") && len(a.Val) > 1:
			c.refs = append(c.refs, a.Val[1:])
		}
	}
}

func (c *checker) element(n *html.Node) {
	switch n.Data {
	case "style":
		c.complain("<style> is forbidden by the policy")
	case "script":
		if attr(n, "src") == "" {
			c.complain("inline <script> is forbidden by the policy")
		}
	case "h1":
		c.headings++
	case "label":
		c.labelled[attr(n, "for")] = true
	case "html":
		if attr(n, "lang") != "zh-CN" {
			c.complain("lang is not zh-CN")
		}
	case "img":
		if attr(n, "alt") == "" && attr(n, "role") != "presentation" {
			c.complain("<img> without alt")
		}
	case "form":
		if attr(n, "method") == "post" && !hasToken(n) {
			c.complain("form to " + attr(n, "action") + " has no place for the CSRF token (it is empty here, so set CSRF in the full sample)")
		}
	case "input", "select", "textarea":
		c.inputs = append(c.inputs, n)
	}
}

// hasToken looks for the token's field. A sample page without a token at all
// is let through: html/template leaves the field out then.
func hasToken(form *html.Node) bool {
	root := form
	for root.Parent != nil {
		root = root.Parent
	}
	return !contains(root, func(n *html.Node) bool { return n.Data == "body" && attr(n, "data-csrf") != "" }) ||
		contains(form, func(n *html.Node) bool { return attr(n, "name") == "csrf_token" })
}

func contains(n *html.Node, is func(*html.Node) bool) bool {
	if n.Type == html.ElementNode && is(n) {
		return true
	}
	for child := n.FirstChild; child != nil; child = child.NextSibling {
		if contains(child, is) {
			return true
		}
	}
	return false
}

func (c *checker) finish() {
	for id, n := range c.ids {
		if n > 1 {
			c.complain("id " + id + " is there twice")
		}
	}
	for _, ref := range c.refs {
		if c.ids[ref] == 0 {
			c.complain("refers to id " + ref + ", which is not there")
		}
	}
	for _, n := range c.inputs {
		kind := attr(n, "type")
		inLabel := false
		for p := n.Parent; p != nil; p = p.Parent {
			inLabel = inLabel || p.Data == "label"
		}
		if kind != "hidden" && kind != "submit" && !inLabel && attr(n, "aria-label") == "" &&
			attr(n, "aria-labelledby") == "" && !c.labelled[attr(n, "id")] {
			c.complain("<" + n.Data + " name=" + attr(n, "name") + "> has no label")
		}
	}
	if c.headings != 1 {
		c.complain("has not exactly one h1")
	}
}
