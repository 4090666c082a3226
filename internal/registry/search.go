package registry

import (
	"context"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/lib/pq"
	"golang.org/x/text/unicode/norm"

	"nianbao/internal/postgres"
)

// SearchOptions say which organisations to find. The zero value finds all.
type SearchOptions struct {
	// Query is what a person typed: parts of the name separated by blanks, all of
	// which must occur, or the beginning of a code (three characters or more). A
	// single character finds the names that begin with it.
	Query string
	// AuthorityCodes limits to organisations in charge of these authorities.
	AuthorityCodes []string
	Type           Type   // "" for all
	Status         Status // "" for all
	// Limit is the page's size, 1 to MaxSearchLimit; others count as the nearest.
	Limit int
	// Cursor is Next of the page before, "" for the first page.
	Cursor string
}

// MaxSearchLimit is the largest page.
const MaxSearchLimit = 200

// SearchPage is one page of organisations in the order of their codes.
type SearchPage struct {
	Organisations []Organisation
	// Next is the cursor of the next page, "" if this is the last.
	Next string
}

const (
	maxQueryRunes = 100
	maxQueryParts = 6
)

var (
	codeBeginning = regexp.MustCompile(`\A[0-9A-HJ-NPQRTUWXY]{3,18}\z`)
	// likeWildcards are what LIKE would take for patterns.
	likeWildcards = strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`)
)

// Search gives one page. Pages are keyset pages: each costs the same however
// deep, and rows that come in between are neither repeated nor skipped. The
// order is that of the codes, which no import changes.
func Search(ctx context.Context, q postgres.Queryer, opts SearchOptions) (SearchPage, error) {
	if opts.Cursor != "" && !codeBeginning.MatchString(opts.Cursor) {
		return SearchPage{}, ErrCursor
	}
	limit := min(max(opts.Limit, 1), MaxSearchLimit)
	query, args := searchQuery(opts, limit+1)
	var rows []Organisation
	if err := q.SelectContext(ctx, &rows, query, args...); err != nil {
		return SearchPage{}, fmt.Errorf("search organisations: %w", err)
	}
	page := SearchPage{Organisations: rows}
	if len(rows) > limit {
		page.Organisations = rows[:limit]
		page.Next = string(rows[limit-1].USCC)
	}
	return page, nil
}

// searchQuery writes the statement; every value is a parameter.
func searchQuery(opts SearchOptions, rows int) (query string, args []any) {
	var conditions []string
	where := func(condition string, value any) {
		args = append(args, value)
		conditions = append(conditions, strings.ReplaceAll(condition, "$?", "$"+strconv.Itoa(len(args))))
	}
	if opts.Cursor != "" {
		where(`uscc > $?`, opts.Cursor)
	}
	if len(opts.AuthorityCodes) > 0 {
		where(`authority_code = ANY($?)`, pq.Array(opts.AuthorityCodes))
	}
	if opts.Type != "" {
		where(`type = $?`, string(opts.Type))
	}
	if opts.Status != "" {
		where(`status = $?`, string(opts.Status))
	}
	for _, part := range queryParts(opts.Query) {
		switch {
		case codeBeginning.MatchString(strings.ToUpper(part)):
			// A range can use the unique index in any collation; a name may hold
			// the same characters.
			where(`(uscc >= $? AND uscc <= $? || 'YYYYYYYYYYYYYYYYYY' OR bigrams(name) @> bigrams($?) AND name LIKE '%' || $? || '%')`,
				strings.ToUpper(part))
		case utf8.RuneCountInString(part) == 1:
			where(`name LIKE $?`, likeWildcards.Replace(part)+"%")
		default:
			// The index finds names with the same pairs of characters, LIKE those
			// with the pairs in one piece.
			where(`bigrams(name) @> bigrams($?)`, part)
			where(`name LIKE $?`, "%"+likeWildcards.Replace(part)+"%")
		}
	}
	query = selectOrganisation
	if len(conditions) > 0 {
		query += "\nWHERE " + strings.Join(conditions, "\n\tAND ")
	}
	return query + "\nORDER BY uscc LIMIT " + strconv.Itoa(rows), args
}

// queryParts brings what was typed into the register's form and splits it.
// What is too long to be a name is cut off.
func queryParts(typed string) []string {
	runes := []rune(norm.NFC.String(strings.ToValidUTF8(typed, "")))
	text := strings.ReplaceAll(string(runes[:min(len(runes), maxQueryRunes)]), "\x00", "")
	parts := strings.Fields(text)
	return parts[:min(len(parts), maxQueryParts)]
}
