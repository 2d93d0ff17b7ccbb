package simulate

// What a person does. Formal means insured by an employer; informal is every
// other work: self-employed, on a farm, without a contract.
const (
	child uint8 = iota
	formal
	informal
	unemployed
	inactive
	away // working in another city: no resident
	dead
)

// Flags of a person.
const (
	female uint8 = 1 << iota
	urban
	headsHousehold
	student
	registered
	seeking
	migrant
	agricultural // migrant with agricultural hukou
)

// person is kept small: five million of them fit in 120 MB.
type person struct {
	emp    int32  // employer, the last one when not formal; -1 none yet
	birth  uint16 // day number
	seq    uint16 // order number within the ID
	base   uint16 // contribution base, yuan
	groups uint16 // bits in the order of groupCodes
	since  int16  // month since which state holds
	until  int16  // not enrolled before this month
	state  uint8  // now
	ref    uint8  // in the month's reference week
	county uint8
	edu    uint8 // index of educations
	occ    uint8 // 1–8
	div    uint8 // index of industries, of an informal job
	flags  uint8
}

func (p *person) is(flag uint8) bool { return p.flags&flag != 0 }

func (p *person) set(flag uint8, on bool) {
	p.flags &^= flag
	if on {
		p.flags |= flag
	}
}

// inLaborForce holds for the employed and the unemployed.
func inLaborForce(state uint8) bool { return state >= formal && state <= unemployed }

// Key groups that a person's registration may state. Women, youth and the
// long-term unemployed are told from the data and are no categories.
var groupCodes = [...]string{
	"graduate", "migrant_worker", "veteran", "disabled", "hard_to_employ",
	"zero_employment", "poverty_relieved", "relocated", "decapacity",
}

var groupNames = [...]string{
	"高校毕业生", "农民工", "退役军人", "残疾人", "就业困难人员",
	"零就业家庭成员", "脱贫人口", "易地搬迁群众", "去产能职工",
}

const (
	isGraduate = 1 << iota
	isMigrantWorker
	isVeteran
	isDisabled
	isHardToEmploy
	isZeroEmployment
	isPovertyRelieved
	isRelocated
	isDecapacity
)

var educations = [...]string{"小学", "初中", "高中", "大专", "本科", "研究生"}

// Five-year age bands from 16–19 to 75 and over steer participation; four
// published bands steer unemployment.
const (
	fiveYearBands = 13
	broadBands    = 4
)

func fiveYearBand(age uint8) int {
	if age < 20 {
		return 0
	}
	return min(int(age)/5-3, fiveYearBands-1)
}

func broadBand(age uint8) int {
	switch {
	case age < 25:
		return 0
	case age < 30:
		return 1
	case age < 60:
		return 2
	}
	return 3
}

// participation by five-year band, men and women.
var participation = [fiveYearBands][2]float64{
	{.08, .07},
	{.48, .44},
	{.88, .76},
	{.92, .78},
	{.92, .79},
	{.92, .80},
	{.90, .77},
	{.85, .61},
	{.68, .40},
	{.45, .25},
	{.33, .18},
	{.20, .10},
	{.07, .03},
}

// idleTarget is the unemployed share of the labor force by broad band, at an
// average time of the year.
var idleTarget = [broadBands]float64{.118, .063, .0420, .0220}

// retirementAge by sex; office workers among women retire later.
func (p *person) retirementAge() uint8 {
	switch {
	case !p.is(female):
		return 60
	case p.edu >= 3:
		return 55
	default:
		return 50
	}
}
