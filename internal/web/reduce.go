package web

import (
	"fmt"
	"html/template"
	"text/template/parse"
)

// reduced is a page's set with no more than the page can show: the layout, the parts that the page's own file defines,
// and what these call. A page calls a few of the shared parts; with a copy of all of them for each page, templates were
// the most of what the program held in memory.
func reduced(set, base, empty *template.Template) (*template.Template, error) {
	roots := []string{"layout"}
	for _, t := range set.Templates() {
		if t.Tree == nil || parse.IsEmptyTree(t.Tree.Root) { // the file itself, around its parts
			continue
		}
		if shared := base.Lookup(t.Name()); shared == nil || shared.Tree == nil || shared.Tree.ParseName != t.Tree.ParseName {
			roots = append(roots, t.Name())
		}
	}
	page, known := empty, map[string]bool{}
	for len(roots) > 0 {
		name := roots[len(roots)-1]
		roots = roots[:len(roots)-1]
		if known[name] {
			continue
		}
		known[name] = true
		found := set.Lookup(name)
		if found == nil || found.Tree == nil {
			return nil, fmt.Errorf("no template %q is defined", name)
		}
		if _, err := page.AddParseTree(name, found.Tree); err != nil {
			return nil, err
		}
		roots = called(found.Tree.Root, roots)
	}
	return page, nil
}

// called adds the names of the templates that the nodes call.
func called(list *parse.ListNode, names []string) []string {
	if list == nil {
		return names
	}
	for _, node := range list.Nodes {
		switch n := node.(type) {
		case *parse.TemplateNode:
			names = append(names, n.Name)
		case *parse.IfNode:
			names = called(n.ElseList, called(n.List, names))
		case *parse.RangeNode:
			names = called(n.ElseList, called(n.List, names))
		case *parse.WithNode:
			names = called(n.ElseList, called(n.List, names))
		}
	}
	return names
}
