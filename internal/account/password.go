package account

import (
	"bufio"
	"context"
	_ "embed"
	"errors"
	"fmt"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/alexedwards/argon2id"
	"golang.org/x/text/unicode/norm"
)

// Limits of a password, in characters. The upper one keeps a single try from
// hashing megabytes.
const (
	MinPassword = 10
	MaxPassword = 128
)

// fewestDistinct refuses passwords such as 1111111111 or abababababab.
const fewestDistinct = 4

// hashing is OWASP's second choice for argon2id: 19 MiB, two passes, one lane.
var hashing = &argon2id.Params{Memory: 19 * 1024, Iterations: 2, Parallelism: 1, SaltLength: 16, KeyLength: 32}

// hashers holds a place for each hash that may be computed at the same time:
// two take 38 MiB, and a storm of sign-ins waits instead of filling memory.
var hashers = make(chan struct{}, 2)

// PasswordError says in Chinese what is wrong with a chosen password.
type PasswordError struct{ Reason string }

// Error is the reason, fit to be shown.
func (e *PasswordError) Error() string { return e.Reason }

//go:embed common_passwords.txt
var commonPasswordList string

var commonPasswords = sync.OnceValue(func() map[string]bool {
	set := map[string]bool{}
	for lines := bufio.NewScanner(strings.NewReader(commonPasswordList)); lines.Scan(); {
		if line := strings.TrimSpace(lines.Text()); line != "" && !strings.HasPrefix(line, "#") {
			set[line] = true
		}
	}
	return set
})

// CheckPassword applies the rules for a password that is being set, a
// *PasswordError if one is broken. email is the address it is set for. There
// is no rule about kinds of characters: length is what counts (NIST SP 800-63B
// §3.1.1), and every character of every script is allowed.
func CheckPassword(password, email string) error {
	password = norm.NFC.String(password)
	plain := strings.ToLower(password)
	switch n := utf8.RuneCountInString(password); {
	case n < MinPassword:
		return &PasswordError{fmt.Sprintf("密码至少要有 %d 个字符，现在是 %d 个。可以用一句自己记得住的话", MinPassword, n)}
	case n > MaxPassword:
		return &PasswordError{fmt.Sprintf("密码不能超过 %d 个字符", MaxPassword)}
	case isAddress(plain, strings.ToLower(email)):
		return &PasswordError{"密码不能与邮箱名相同，请另想一个"}
	case isRun(plain) || distinct(plain) < fewestDistinct:
		return &PasswordError{"密码是连续或重复的字符，太容易被猜到，请另想一个"}
	case isCommon(plain):
		return &PasswordError{"这是常见密码，或者只是在常见的词后加了数字和符号，太容易被猜到。可以用一句自己记得住的话"}
	}
	return nil
}

// decoration is what people put around a word to make it pass for a password.
const decoration = "0123456789 !\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~"

// isCommon finds a listed password, also with digits and signs around it, or
// twice in a row. plain is in lower case.
func isCommon(plain string) bool {
	listed := commonPasswords()
	for _, s := range []string{plain, strings.Trim(plain, decoration)} {
		half := s[:len(s)/2]
		if listed[s] || len(s)%2 == 0 && half == s[len(s)/2:] && listed[half] {
			return true
		}
	}
	return false
}

// isAddress finds an address, or the part before its @ with or without digits and marks around it. Both are in lower case.
func isAddress(password, email string) bool {
	local, _, _ := strings.Cut(email, "@")
	if password == email || password == local {
		return true
	}
	const around = "0123456789!@#._-"
	stem := strings.Trim(local, around)
	return stem != "" && strings.Trim(password, around) == stem
}

// isRun finds sequences such as 1234567890 or zyxwvutsrq.
func isRun(s string) bool {
	runes := []rune(s)
	up, down := true, true
	for i := 1; i < len(runes); i++ {
		step := runes[i] - runes[i-1]
		if runes[i-1] == '9' && runes[i] == '0' {
			step = 1
		}
		up, down = up && step == 1, down && step == -1
	}
	return up || down
}

func distinct(s string) int {
	seen := map[rune]bool{}
	for _, r := range s {
		seen[r] = true
	}
	return len(seen)
}

// hashPassword waits for a place and hashes.
func hashPassword(ctx context.Context, password string) (string, error) {
	if err := enterHashing(ctx); err != nil {
		return "", err
	}
	defer func() { <-hashers }()
	hash, err := argon2id.CreateHash(norm.NFC.String(password), hashing)
	if err != nil {
		return "", fmt.Errorf("hash password: %w", err)
	}
	return hash, nil
}

// dummyHash is compared with where there is no account, so that an unknown
// address costs the same time as a known one.
var dummyHash = sync.OnceValues(func() (string, error) {
	return argon2id.CreateHash("an account that does not exist", hashing)
})

// passwordMatches compares; hash "" stands for "no account" and never matches,
// in the same time.
func passwordMatches(ctx context.Context, password, hash string) (bool, error) {
	if err := enterHashing(ctx); err != nil {
		return false, err
	}
	defer func() { <-hashers }()
	known := hash != ""
	if !known {
		var err error
		if hash, err = dummyHash(); err != nil {
			return false, fmt.Errorf("compare password: %w", err)
		}
	}
	match, err := argon2id.ComparePasswordAndHash(norm.NFC.String(password), hash)
	if err != nil {
		return false, fmt.Errorf("compare password: %w", err)
	}
	return match && known, nil
}

func enterHashing(ctx context.Context) error {
	select {
	case hashers <- struct{}{}:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("wait to hash: %w", errors.Join(ctx.Err(), context.Cause(ctx)))
	}
}
