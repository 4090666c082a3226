//go:build ignore

// Command tabler_subset cuts the part of Tabler's stylesheet that the pages
// use out of the published file and prints it:
//
//	npm pack @tabler/core@1.6.1 && tar -xzf tabler-core-1.6.1.tgz
//	go run templates/tabler_subset.go package/dist/css/tabler.css > templates/static/css/00-tabler.css
//
// Kept are the element rules (reboot) and the rules whose every class is in
// the list below. Dropped are declarations in oklch() and color-mix(), which
// browsers before Chrome 111 do not read (nianbao.css restates those colours
// in hex), the dark theme, and custom properties that nothing left refers to.
// The result is committed; no build runs this.
package main

import (
	"fmt"
	"os"
	"regexp"
	"sort"
	"strings"
)

// kept are the classes that templates and nianbao.css use. A class with a
// trailing * stands for its whole family.
var kept = regexp.MustCompile(`^(btn|btn-primary|row|col|col-auto|col-12|col-sm-6|col-md-6|col-md-4|col-lg|col-lg-auto|` +
	`g-[0-4]|gx-[0-4]|gy-[0-4]|form-control|form-select|form-label|form-check-input|visually-hidden|visually-hidden-focusable|` +
	`[mp][tbxyse]?-[0-5]|m[sxe]-auto|fw-normal|fw-bold|text-body|text-end|text-center|text-nowrap|` +
	`d-none|d-block|d-flex|d-print-none|flex-wrap|flex-column|align-items-(start|center|end|baseline)|` +
	`justify-content-(start|center|end|between)|w-100|h[1-4])$`)

var (
	comments = regexp.MustCompile(`(?s)/\*.*?\*/`)
	classes  = regexp.MustCompile(`\.(-?[_a-zA-Z][\w-]*)`)
	unwanted = regexp.MustCompile(`\[data-|-moz-|color-swatch|\[dir|::-ms|:host|::-webkit-datetime|-webkit-date-and`)
	modern   = regexp.MustCompile(`oklch|oklab|color-mix|light-dark|rgb\(from`)
	declared = regexp.MustCompile(`^(--[\w-]+)\s*:`)
	used     = regexp.MustCompile(`var\((--[\w-]+)`)
)

type rule struct {
	selectors string
	decls     []string
	inner     []rule // of an at-rule
}

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: go run templates/tabler_subset.go TABLER.CSS")
		os.Exit(2)
	}
	raw, err := os.ReadFile(os.Args[1])
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	rules, _ := parse(comments.ReplaceAllString(string(raw), ""))
	rules = dropUnused(keep(rules))
	fmt.Print("/*! Tabler v1.6.1 (https://tabler.io), a subset. Copyright 2018-2026 The Tabler Authors, codecalm.net Paweł Kuna. MIT. */\n")
	write(rules)
}

// parse reads rules until the text or the enclosing block ends and returns the rest.
func parse(s string) ([]rule, string) {
	var out []rule
	for {
		s = strings.TrimLeft(s, " \t\r\n")
		if s == "" || s[0] == '}' {
			return out, strings.TrimPrefix(s, "}")
		}
		end := strings.IndexAny(s, "{;")
		if end < 0 {
			return out, ""
		}
		head := strings.TrimSpace(s[:end])
		if s[end] == ';' { // @charset
			s = s[end+1:]
			continue
		}
		s = s[end+1:]
		if strings.HasPrefix(head, "@media") || strings.HasPrefix(head, "@supports") || strings.HasPrefix(head, "@keyframes") {
			var inner []rule
			inner, s = parse(s)
			out = append(out, rule{selectors: head, inner: inner})
			continue
		}
		close := bodyEnd(s)
		out = append(out, rule{selectors: head, decls: declarations(s[:close])})
		s = s[close+1:]
	}
}

// bodyEnd finds the brace that closes a body, passing over quoted strings and url(…).
func bodyEnd(s string) int {
	quote := byte(0)
	for i := 0; i < len(s); i++ {
		switch {
		case quote != 0:
			if s[i] == quote {
				quote = 0
			}
		case s[i] == '"' || s[i] == '\'':
			quote = s[i]
		case s[i] == '}':
			return i
		}
	}
	return len(s) - 1
}

// declarations splits a body at semicolons outside quotes and parentheses.
func declarations(body string) []string {
	var out []string
	depth, start, quote := 0, 0, rune(0)
	for i, r := range body + ";" {
		switch {
		case quote != 0:
			if r == quote {
				quote = 0
			}
		case r == '"' || r == '\'':
			quote = r
		case r == '(':
			depth++
		case r == ')':
			depth--
		case r == ';' && depth == 0:
			if d := strings.TrimSpace(body[start:i]); d != "" && !modern.MatchString(d) {
				out = append(out, strings.Join(strings.Fields(d), " "))
			}
			start = i + 1
		}
	}
	return out
}

func keep(rules []rule) []rule {
	var out []rule
	for _, r := range rules {
		if r.inner != nil {
			if inner := keep(r.inner); len(inner) > 0 && strings.HasPrefix(r.selectors, "@media") {
				out = append(out, rule{selectors: r.selectors, inner: inner})
			}
			continue
		}
		var sel []string
		for _, s := range strings.Split(r.selectors, ",") {
			if s = strings.Join(strings.Fields(s), " "); wanted(s) {
				sel = append(sel, s)
			}
		}
		if len(sel) > 0 && len(r.decls) > 0 {
			out = append(out, rule{selectors: strings.Join(sel, ","), decls: r.decls})
		}
	}
	return out
}

func wanted(selector string) bool {
	if strings.HasPrefix(selector, "@") || unwanted.MatchString(selector) {
		return false
	}
	for _, m := range classes.FindAllStringSubmatch(selector, -1) {
		if !kept.MatchString(m[1]) {
			return false
		}
	}
	return true
}

// dropUnused removes custom properties that no kept declaration reaches.
func dropUnused(rules []rule) []rule {
	defs, live := map[string][]string{}, map[string]bool{}
	var queue []string
	walk(rules, func(d string) {
		refs := used.FindAllStringSubmatch(d, -1)
		if m := declared.FindStringSubmatch(d); m != nil {
			for _, r := range refs {
				defs[m[1]] = append(defs[m[1]], r[1])
			}
			return
		}
		for _, r := range refs {
			queue = append(queue, r[1])
		}
	})
	for len(queue) > 0 {
		name := queue[0]
		queue = queue[1:]
		if !live[name] {
			live[name] = true
			queue = append(queue, defs[name]...)
		}
	}
	report(rules, live)
	return filter(rules, live)
}

func walk(rules []rule, f func(string)) {
	for _, r := range rules {
		for _, d := range r.decls {
			f(d)
		}
		walk(r.inner, f)
	}
}

// report lists on stderr the properties that are used but no longer defined,
// so that nianbao.css can state them.
func report(rules []rule, live map[string]bool) {
	defined := map[string]bool{}
	walk(rules, func(d string) {
		if m := declared.FindStringSubmatch(d); m != nil {
			defined[m[1]] = true
		}
	})
	var missing []string
	for name := range live {
		if !defined[name] {
			missing = append(missing, name)
		}
	}
	sort.Strings(missing)
	fmt.Fprintln(os.Stderr, "to be stated by nianbao.css:", strings.Join(missing, " "))
}

func filter(rules []rule, live map[string]bool) []rule {
	var out []rule
	for _, r := range rules {
		var decls []string
		for _, d := range r.decls {
			if m := declared.FindStringSubmatch(d); m == nil || live[m[1]] {
				decls = append(decls, d)
			}
		}
		inner := filter(r.inner, live)
		if len(decls) > 0 || len(inner) > 0 {
			out = append(out, rule{selectors: r.selectors, decls: decls, inner: inner})
		}
	}
	return out
}

func write(rules []rule) {
	for _, r := range rules {
		if r.inner != nil {
			fmt.Printf("%s{\n", r.selectors)
			write(r.inner)
			fmt.Print("}\n")
			continue
		}
		fmt.Printf("%s{%s}\n", r.selectors, strings.Join(r.decls, ";"))
	}
}
