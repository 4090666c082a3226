package main

import (
	"context"
	"crypto/x509"
	"time"

	"nianbao/cmd/nianbao/api"
	filerweb "nianbao/filing/web"
	accountweb "nianbao/internal/account/web"
	"nianbao/internal/clock"
	"nianbao/internal/web"
	publicweb "nianbao/review/publication/web"
	deskweb "nianbao/review/web"
)

// routes is the whole route table: every page and every API call with its access rule. A route without a rule is not
// mounted.
func (n *node) routes(app *web.App) ([]web.Route, error) {
	calls, err := n.api()
	if err != nil {
		return nil, err
	}
	routes := accountweb.New(accountweb.Config{App: app, DB: n.db, Accounts: n.accounts, Wall: n.env.wall}).Routes()
	routes = append(routes, calls...)
	routes = append(routes, filerweb.Routes(filerweb.Deps{
		App: app, DB: n.db, Filing: n.filing, Listing: n.listing, Forms: n.forms, Calendar: n.calendarNow, Blobs: n.blobs, Renderer: n.renderer,
	})...)
	routes = append(routes, deskweb.New(deskweb.Config{
		App: app, DB: n.db, Filing: n.filing, Reviews: n.review, Listings: n.listing, Calendar: n.calendarNow, Blobs: n.blobs,
	}).Routes()...)
	public, err := publicweb.New(publicweb.Config{
		App: app, DB: n.db, Public: n.public, API: api.OpenAPI, Wall: n.env.wall,
		Trusted: []*x509.Certificate{n.signer.Certificate()},
	})
	if err != nil {
		return nil, err
	}
	return append(routes, public.Routes()...), nil
}

// api is the JSON API; its clock can be moved only in a demonstration.
func (n *node) api() ([]web.Route, error) {
	config := api.Config{
		DB: n.db, Forms: n.forms, Calendar: n.calendarNow, Filing: n.filing, Review: n.review,
		Listing: n.listing, Public: n.public, Blobs: n.blobs,
	}
	if n.demo != nil {
		config.Travel = func(ctx context.Context, to time.Time) ([]clock.Ran, error) { return n.driver.Travel(ctx, to) }
	}
	server, err := api.New(config)
	if err != nil {
		return nil, err
	}
	return server.Routes()
}

// site names the system and its menus.
func site() web.Site {
	return web.Site{
		Name: "社会组织年度报告", DeskName: "年度报告审查", PublicName: "社会组织年度报告公示",
		By: "社会组织登记管理机关",
		Nav: map[web.Area][]web.NavItem{
			web.AreaFiler:  filerweb.Nav(),
			web.AreaDesk:   deskweb.Nav(),
			web.AreaPublic: publicweb.Nav(),
		},
	}
}
