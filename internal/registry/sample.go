package registry

import (
	"encoding/csv"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"time"

	"nianbao/internal/money"
	"nianbao/internal/workday"
)

// SampleOptions say which made-up organisations to make.
type SampleOptions struct {
	// Count is how many, 0 to MaxSampleCount.
	Count int
	// Seed chooses the set: the same options give the same organisations.
	Seed uint64
	// Authority is the six-digit code of the authority in charge; it is part of
	// every code and mail address.
	Authority string
}

// MaxSampleCount is the largest sample.
const MaxSampleCount = 1_000_000

const (
	firstSampleYear, lastSampleYear = 1995, 2017
	// sampleSubjects is how many subjects MJxxxxxx there are: six characters of
	// the code's alphabet.
	sampleSubjects = 31 * 31 * 31 * 31 * 31 * 31
)

// Sample makes up valid organisations for demonstrations and trials: types in
// rotation, registered 1995 to 2017, active, every column filled (a third of
// them are registered directly and have no sponsor), names, codes and addresses
// unique within the set, addresses under .example. Names are of a city that
// does not exist.
func Sample(opts SampleOptions) ([]Organisation, error) {
	if opts.Count < 0 || opts.Count > MaxSampleCount {
		return nil, fmt.Errorf("sample of %d organisations: the count must be 0 to %d", opts.Count, MaxSampleCount)
	}
	if !isSixDigits(opts.Authority) {
		return nil, fmt.Errorf("sample under authority %q: the code must be six digits", opts.Authority)
	}
	maker := newSampleMaker(opts)
	organisations := make([]Organisation, opts.Count)
	for i := range organisations {
		organisations[i] = maker.organisation(i)
	}
	return organisations, nil
}

// sampleMaker draws what may repeat and counts through what may not.
type sampleMaker struct {
	authority string
	random    *rand.Rand
	subjects  sequence
	names     map[Type]sequence
}

// sequence visits every number below size once, in an order that looks random.
type sequence struct{ start, step, size int }

// newSequence needs a size that the step, a prime larger than any factor of the
// sizes used, does not divide.
func newSequence(random *rand.Rand, size int) sequence {
	const primeStep = 15_485_863
	return sequence{start: random.IntN(size), step: primeStep % size, size: size}
}

func (s sequence) at(i int) int { return (s.start + i%s.size*s.step) % s.size }

func newSampleMaker(opts SampleOptions) *sampleMaker {
	random := rand.New(rand.NewPCG(opts.Seed, 0x6e69616e62616f)) // the second word only separates streams
	maker := &sampleMaker{
		authority: opts.Authority,
		random:    random,
		subjects:  newSequence(random, sampleSubjects),
		names:     make(map[Type]sequence),
	}
	for _, t := range Types() {
		maker.names[t] = newSequence(random, nameCount(t))
	}
	return maker
}

// organisation is the i-th of the set. They are made in order and share one
// source, so a larger sample begins with the smaller one.
func (m *sampleMaker) organisation(i int) Organisation {
	t := Types()[i%len(Types())]
	subject := "MJ" + subjectText(m.subjects.at(i))
	code := newUSCC(t, m.authority, subject)
	name, district, field := sampleName(t, m.names[t].at(i/len(Types())))
	if district == "" {
		district = pick(m.random, sampleDistricts)
	}
	legal, contact := m.person(), m.person()
	charity := t == TypeFoundation || m.random.IntN(8) == 0
	o := Organisation{
		USCC: code, Name: name, Type: t,
		RegisteredOn:        m.registeredOn(),
		AuthorityCode:       m.authority,
		Status:              StatusActive,
		LegalRepresentative: legal,
		RegisteredCapital:   m.capital(t),
		BusinessScope:       fmt.Sprintf("开展%s领域的服务、交流与培训；承接政府委托事项；组织公益活动", field),
		RegistrationNo:      fmt.Sprintf("试民社登字%s号", strings.TrimPrefix(subject, "MJ")),
		Domicile:            fmt.Sprintf("%s%s%s%d号", sampleCity, district, pick(m.random, sampleStreets), 1+m.random.IntN(680)),
		District:            district,
		Postcode:            fmt.Sprintf("%s%04d", m.authority[:2], m.random.IntN(10_000)),
		ContactName:         contact,
		ContactPhone:        fmt.Sprintf("0%s0-%08d", m.authority[:2], 20_000_000+m.random.IntN(60_000_000)),
		ContactEmail:        fmt.Sprintf("nianbao@%s.%s.example", strings.ToLower(string(code[subjectStart:subjectEnd])), "a"+m.authority),
		Charity:             charity,
		PublicFundraising:   charity && m.random.IntN(4) == 0,
		ElectronicService:   true,
	}
	if sponsor := pick(m.random, sampleSponsors); m.random.IntN(3) > 0 {
		o.Sponsor = sponsor
	}
	return o
}

// subjectText writes n with six characters of the code's alphabet.
func subjectText(n int) string {
	var text [6]byte
	for i := range text {
		text[len(text)-1-i] = usccAlphabet[n%usccModulus]
		n /= usccModulus
	}
	return string(text[:])
}

func (m *sampleMaker) registeredOn() workday.Date {
	first := workday.NewDate(firstSampleYear, time.January, 1)
	last := workday.NewDate(lastSampleYear, time.December, 31)
	return first.AddDays(m.random.IntN(first.DaysUntil(last) + 1))
}

// capital keeps to the legal floors: 30,000 元 for an association (社会团体登记
// 管理条例 art. 10), 2,000,000 for a foundation (基金会管理条例 art. 8).
func (m *sampleMaker) capital(t Type) *money.Fen {
	steps := m.random.Int64N(20)
	amount := money.Yuan(30_000 + 10_000*steps)
	switch t {
	case TypeService:
		amount = money.Yuan(50_000 + 50_000*steps)
	case TypeFoundation:
		amount = money.Yuan(2_000_000 + 500_000*steps)
	}
	return &amount
}

func (m *sampleMaker) person() string {
	name := pick(m.random, sampleSurnames) + pick(m.random, sampleGivenNames)
	if second := pick(m.random, sampleGivenNames); m.random.IntN(3) > 0 {
		name += second
	}
	return name
}

func pick(random *rand.Rand, words []string) string { return words[random.IntN(len(words))] }

// WriteSampleCSV writes organisations as a register file with the contract's
// English header. ImportOrganisations reads it back.
func WriteSampleCSV(w io.Writer, organisations []Organisation) error {
	out := csv.NewWriter(w)
	record := make([]string, len(columns))
	for i, c := range columns {
		record[i] = c.key
	}
	if err := out.Write(record); err != nil {
		return fmt.Errorf("write sample: %w", err)
	}
	for i := range organisations {
		for j, c := range columns {
			record[j] = c.get(&organisations[i])
		}
		if err := out.Write(record); err != nil {
			return fmt.Errorf("write sample: %w", err)
		}
	}
	out.Flush()
	if err := out.Error(); err != nil {
		return fmt.Errorf("write sample: %w", err)
	}
	return nil
}
