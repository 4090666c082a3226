package main

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/google/uuid"

	"nianbao/internal/account"
	"nianbao/internal/registry"
	"nianbao/notify"
)

type accountCmd struct {
	Invite accountInviteCmd `cmd:"" help:"Give a person a role, print the one-time link to set a password, and mail it."`
}

// holder is for whom a role is held: an organisation or an authority.
type holder struct {
	Organisation string `placeholder:"USCC" help:"For role filer: the organisation."`
	Authority    string `placeholder:"CODE" help:"For every other role: the authority."`
}

type accountInviteCmd struct {
	Role      string `required:"" enum:"filer,reviewer,approver,admin,sponsor" help:"filer, reviewer, approver, admin or sponsor."`
	Email     string `required:"" help:"The person's mail address."`
	Name      string `required:"" help:"The person's name."`
	Sponsor   string `placeholder:"NAME" help:"For role sponsor: whom the person speaks for, as the register names it (业务主管单位)."`
	Editor    bool   `help:"For role filer: may fill in, and leaves submitting to the organisation's responsible people."`
	PublicURL string `name:"public-url" placeholder:"URL" help:"The address that people use; the link begins with it. Without it the link is for this machine and nothing is mailed."`
	NoMail    bool   `name:"no-mail" help:"Only print the link."`
	holder
}

// localURL begins a link that nobody but the operator can use.
const localURL = "http://127.0.0.1:8080"

// service mails invitations where people's address of the program is known. The mail goes into the outbox; a serve with
// a mail server sends it.
func (c *accountInviteCmd) service(s *store) (*account.Service, error) {
	config := account.Config{DB: s.db}
	if c.PublicURL != "" && !c.NoMail {
		mails, err := notify.New(notify.Config{DB: s.db, PublicURL: c.PublicURL})
		if err != nil {
			return nil, fmt.Errorf("--public-url: %w", err)
		}
		config.Post = mails.PostLetter
	}
	return account.NewService(config), nil
}

// Run prints the link, alone, once.
func (c *accountInviteCmd) Run(e *environment) error {
	if c.Editor && account.Role(c.Role) != account.RoleFiler {
		return usagef("--editor: only for role filer")
	}
	if (account.Role(c.Role) == account.RoleSponsor) != (c.Sponsor != "") {
		return usagef("--sponsor NAME goes with role sponsor, and that role with it")
	}
	return e.with(func(s *store) error {
		scope, err := c.scope(e, s, c.Role)
		if err != nil {
			return err
		}
		scope.Sponsor = c.Sponsor
		accounts, err := c.service(s)
		if err != nil {
			return err
		}
		invitation, err := accounts.Invite(e.ctx, account.NewPerson{
			Email: c.Email, Name: c.Name, Role: account.Role(c.Role), Editor: c.Editor, Scope: scope, Actor: commandActor("account invite"),
		})
		if err != nil {
			return err
		}
		fmt.Fprintf(e.stdout, "%s/activate/%s\n", strings.TrimSuffix(cmp.Or(c.PublicURL, localURL), "/"), invitation.Link)
		return nil
	})
}

type tokenCmd struct {
	Issue tokenIssueCmd `cmd:"" help:"Print a new bearer token, alone, once."`
}

type tokenIssueCmd struct {
	Role string `required:"" enum:"filer,reviewer,approver,admin,sponsor" help:"filer, reviewer, approver, admin or sponsor."`
	Name string `help:"Who uses it; required for every role but filer. Of a sponsor: its name as the register has it (业务主管单位)."`
	Days int    `default:"365" help:"How long it holds, 1 to 3650 days."`
	holder
}

const maxTokenDays = 3650

// Run issues the token with all rights of its role.
func (c *tokenIssueCmd) Run(e *environment) error {
	if c.Days < 1 || c.Days > maxTokenDays {
		return usagef("--days: %d is not between 1 and %d", c.Days, maxTokenDays)
	}
	if c.Name == "" {
		if account.Role(c.Role) != account.RoleFiler {
			return usagef("--name: say who uses the token of a %s", c.Role)
		}
		c.Name = "token " + c.Organisation
	}
	return e.with(func(s *store) error {
		scope, err := c.scope(e, s, c.Role)
		if err != nil {
			return err
		}
		token, err := account.IssueToken(e.ctx, s.db, account.NewToken{
			Role: account.Role(c.Role), Scope: scope, Name: c.Name, Days: c.Days, Actor: commandActor("token issue"),
		})
		if err != nil {
			return err
		}
		fmt.Fprintln(e.stdout, token.Plaintext)
		return nil
	})
}

// scope finds for whom the role is held, and refuses what does not go with it.
func (h holder) scope(e *environment, s *store, role string) (account.Scope, error) {
	if account.Role(role) != account.RoleFiler {
		if h.Authority == "" || h.Organisation != "" {
			return account.Scope{}, usagef("role %s needs --authority CODE and no --organisation", role)
		}
		if _, err := registry.AuthorityByCode(e.ctx, s.db, h.Authority); err != nil {
			return account.Scope{}, fmt.Errorf("--authority %s: %w", h.Authority, err)
		}
		return account.Scope{AuthorityCode: h.Authority}, nil
	}
	if h.Organisation == "" || h.Authority != "" {
		return account.Scope{}, usagef("role filer needs --organisation USCC and no --authority")
	}
	uscc, err := registry.ParseUSCC(h.Organisation)
	if err != nil {
		return account.Scope{}, usagef("--organisation %s: %v", h.Organisation, err)
	}
	org, err := registry.OrganisationByUSCC(e.ctx, s.db, string(uscc))
	if err != nil {
		return account.Scope{}, fmt.Errorf("--organisation %s: %w", h.Organisation, err)
	}
	return account.Scope{OrganisationID: uuid.NullUUID{UUID: org.ID, Valid: true}}, nil
}
