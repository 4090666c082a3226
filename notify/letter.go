package notify

import (
	"context"
	"fmt"

	"nianbao/internal/account"
	"nianbao/internal/postgres"
)

// letters says for each kind of account letter what a mail's header calls it, its template, and where its link leads:
// the address that the secret is the end of, "" for a secret that is a code.
var letters = map[account.LetterKind]struct{ kind, template, path string }{
	account.LetterActivation:   {KindActivation, "activation", ""},
	account.LetterHasPeople:    {KindActivation, "activation_taken", ""},
	account.LetterInvitation:   {KindInvitation, "invitation", "/activate/"},
	account.LetterReset:        {KindReset, "reset", "/activate/"},
	account.LetterAddress:      {KindAddress, "address", "/account/email/"},
	account.LetterAddressTaken: {KindAddress, "address_taken", ""},
	account.LetterChanged:      {KindAccount, "account_changed", ""},
	account.LetterToken:        {KindAccount, "token_made", ""},
}

// PostLetter words an account's letter and puts it on its way, by mail or text message, in tx: an account.Post. Text
// messages have templates of their own, named …_sms.
func (s *Service) PostLetter(ctx context.Context, tx *postgres.Tx, l account.Letter) error {
	is, ok := letters[l.Kind]
	if !ok {
		return fmt.Errorf("letter %s: no such kind", l.Kind)
	}
	name := is.template
	if l.SMS {
		name += "_sms"
	}
	subject, body, err := render(name, letter{
		Organisation: l.Body, Authority: l.Authority, Link: s.public + "/sign-in", Person: oneLine.Replace(l.Name), By: oneLine.Replace(l.By),
		RoleLabel: l.RoleLabel, Changed: l.What, People: l.People, Secret: s.mark(is.path), Until: l.ExpiresAt,
	})
	if err != nil {
		return err
	}
	m := message{kind: is.kind, key: string(l.Kind) + ":" + l.Key, authority: l.AuthorityCode, organisation: l.OrganisationID,
		person: l.PersonID, subject: subject, body: body, secret: l.Secret, expires: l.ExpiresAt}
	if l.SMS {
		m.smsTo = []string{l.To}
	} else {
		m.mailTo = []string{l.To}
	}
	return s.post(ctx, tx, m)
}

// mark is what stands in the body for the secret.
func (s *Service) mark(path string) string {
	if path == "" {
		return secretMark
	}
	return s.public + path + secretMark
}
