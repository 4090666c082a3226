// Package event is the append-only log of everything that happens: the catalogue of kinds, Append inside the
// transaction that does the thing, the sequencer that afterwards gives committed events their gapless position and
// hash, the consumers that read on from a cursor, the public feed and the audit of the whole log.
//
// It does not own what an event means to anybody: notices, documents and listings are made by consumers elsewhere.
//
// Invariants:
//   - An event is written in the same transaction as what it tells, and is never changed (a refusing trigger).
//   - Positions are gapless and in an order in which every event was already visible when its position was; no
//     request waits on a counter for them.
//   - hash(n) = SHA-256(hash(n-1) ‖ canonical form of event n), so that a changed, removed or inserted row shows.
//   - What leaves by the public feed is what the catalogue names as public, field by field, and nothing else.
package event

import (
	"time"

	"github.com/google/uuid"
)

// Kind is what happened, such as submission.received. The kinds are listed in the catalogue.
type Kind string

// ActorKind tells what did it.
type ActorKind string

// The kinds of actor; the schema refuses any other.
const (
	ActorPerson ActorKind = "person" // somebody signed in
	ActorToken  ActorKind = "token"  // a program with a bearer token
	ActorClock  ActorKind = "clock"  // one of the clock's jobs
	ActorSystem ActorKind = "system" // the program itself: start, commands, background work
)

// Actor is who did it. Name is kept as it was at the time.
type Actor struct {
	Kind ActorKind
	ID   string // person or token id; the job's name for the clock; the command or worker for the system
	Name string
}

// Clock is the actor of a job of the clock.
func Clock(job string) Actor { return Actor{Kind: ActorClock, ID: job, Name: job} }

// System is the actor of a command of the operator or of background work.
func System(what string) Actor { return Actor{Kind: ActorSystem, ID: what, Name: what} }

// Event is one thing that happened. Append fills ID and At where they are not set.
type Event struct {
	ID             uuid.UUID
	Kind           Kind
	At             time.Time
	Actor          Actor
	AuthorityCode  string
	OrganisationID uuid.NullUUID
	ObligationID   uuid.NullUUID
	SubjectID      uuid.NullUUID // what it is about: submission, listing, document, season …; see the catalogue
	ReportYear     int           // 0: of no report year
	Basis          string        // the article of law, where one is applied
	Data           any           // the payload type that the catalogue names for the kind; nil where it names none
}

// Ref is a present id, for the optional ids of an Event.
func Ref(id uuid.UUID) uuid.NullUUID { return uuid.NullUUID{UUID: id, Valid: true} }
