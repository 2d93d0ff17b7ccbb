// Package config is the one typed, validated configuration of laborwatch.
//
// It is read from a YAML file laid over the embedded default for Pingdingshan
// (410400): what the file leaves out keeps its default, what it names wrongly
// is refused with line and column. Another city changes this file, not code.
package config

import (
	_ "embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/goccy/go-yaml"

	"laborwatch/messages"
)

//go:embed default.yaml
var defaults []byte

// Config is everything an operator may set.
type Config struct {
	// Data is the data folder: lake, ledger, warehouse and releases.
	Data string `yaml:"data"`
	// City names the place that the statistics are about.
	City Region `yaml:"city"`
	// TimeZone is the IANA name that schedules are read in.
	TimeZone string `yaml:"time_zone"`

	Engine      Engine          `yaml:"engine"`
	Ingest      Ingest          `yaml:"ingest"`
	Sources     []Source        `yaml:"sources"`
	Archives    Archives        `yaml:"archives"`
	Originals   Originals       `yaml:"originals"`
	Models      Models          `yaml:"models"`
	Web         Web             `yaml:"web"`
	Release     Release         `yaml:"release"`
	Schedules   []Schedule      `yaml:"schedules"`
	Regions     []Region        `yaml:"regions"`
	Groups      []Name          `yaml:"groups"`
	Industries  []IndustryGroup `yaml:"key_industries"`
	Enterprise  Enterprise      `yaml:"key_enterprises"`
	Survey      Survey          `yaml:"survey"`
	Weighting   Weighting       `yaml:"weighting"`
	CountyModel CountyModel     `yaml:"county_model"`
	Seasonal    Seasonal        `yaml:"seasonal"`
	Targets     Targets         `yaml:"targets"`
	Insured     Insured         `yaml:"insured"`
	Alert       Alert           `yaml:"alert"`
	Filing      Filing          `yaml:"filing"`

	// File is where the configuration was read from, "" for the defaults alone.
	File string `yaml:"-"`
}

// Name is a code with its Chinese and English names.
type Name struct {
	Code string `yaml:"code"`
	ZH   string `yaml:"zh"`
	EN   string `yaml:"en"`
}

// Region is a division of the city: a county (县/区/市) or a statistical zone.
type Region struct {
	Code string `yaml:"code"`
	ZH   string `yaml:"zh"`
	EN   string `yaml:"en"`
	// Kind is county or zone. A zone is not in GB/T 2260 and runs towns of
	// counties, so it is never added to them.
	Kind string `yaml:"kind,omitempty"`
}

// IndustryGroup is a key industry (重点行业): a set of GB/T 4754 divisions.
type IndustryGroup struct {
	Name      `yaml:",inline"`
	Divisions []string `yaml:"divisions"`
}

// Engine bounds what the SQL engine may use.
type Engine struct {
	MemoryLimit string `yaml:"memory_limit"`
	Threads     int    `yaml:"threads"`
}

// Ingest says where extracts arrive and how persons are pseudonymised.
type Ingest struct {
	// Inbox is the folder watched for extracts; relative to the data folder.
	Inbox string `yaml:"inbox"`
	// Contracts is a folder of contracts that replace embedded ones of the same feed.
	Contracts string `yaml:"contracts"`
	// OnlyContracts leaves the embedded contracts out altogether.
	OnlyContracts bool `yaml:"only_contracts"`
	// KeyFile holds the pseudonym key. It must lie outside the data folder.
	KeyFile string `yaml:"key_file"`
	// CheckRegions refuses rows whose region is not one of Regions.
	CheckRegions bool `yaml:"check_regions"`
	// Settle is how far apart two looks of a scheduled run must be to tell that
	// a file in the inbox is whole.
	Settle time.Duration `yaml:"settle"`
	// After is what becomes of a file in the inbox once it is loaded: keep,
	// delete, or move:FOLDER (relative to the inbox, of the same file system).
	After string `yaml:"after"`
}

// Originals says whether the bytes of loaded extracts are kept.
type Originals struct {
	// AgeRecipient is a public key of age (age1…) that they are encrypted to; ""
	// keeps none.
	AgeRecipient string `yaml:"age_recipient"`
}

// Models says where SQL models that replace embedded ones lie.
type Models struct {
	Dir string `yaml:"dir"`
	// Indicators is an indicator catalog that replaces the embedded one.
	Indicators string `yaml:"indicators"`
}

// Web is the dashboard's and the API's listener.
type Web struct {
	Listen string `yaml:"listen"`
	Lang   string `yaml:"lang"`
}

// Release is what the monthly statistical release states beside its figures.
type Release struct {
	Publisher   Text   `yaml:"publisher"`
	Contact     string `yaml:"contact"`
	NextRelease string `yaml:"next_release"`
	// NameEmployers allows employers' names in the release's alert table.
	NameEmployers bool `yaml:"name_employers"`
}

// Text is a text in both languages.
type Text struct {
	ZH string `yaml:"zh"`
	EN string `yaml:"en"`
}

// Schedule fires a job by a cron expression in the configured time zone.
type Schedule struct {
	Name string `yaml:"name"`
	Cron string `yaml:"cron"`
	// Jobs run one after another: ingest, transform, alerts, publish, release.
	Jobs []string `yaml:"jobs"`
}

// Enterprise bounds the list of key enterprises (重点企业).
type Enterprise struct {
	// Codes are credit codes watched whatever their size.
	Codes []string `yaml:"codes"`
	// MinInsured makes every employer with as many insured heads a key one;
	// 0 leaves the list to Codes alone.
	MinInsured int `yaml:"min_insured"`
	// Max bounds the number of key enterprises shown as metrics.
	Max int `yaml:"max"`
	// Metrics may be switched off where credit codes must not leave the machine.
	Metrics bool `yaml:"metrics"`
}

// Targets are the year's control targets, as ratios.
type Targets struct {
	Surveyed   float64 `yaml:"surveyed_rate"`
	Registered float64 `yaml:"registered_rate"`
}

// Insured says which insurance counts as being insured.
type Insured struct {
	Insurance string `yaml:"insurance"`
}

// Alert holds the layoff levels of the 30-day window.
type Alert struct {
	WindowDays          int     `yaml:"window_days"`
	BlueRate            float64 `yaml:"blue_rate"`
	BlueSmallStaff      int     `yaml:"blue_small_staff"`
	BlueSmallRate       float64 `yaml:"blue_small_rate"`
	BlueMinPersons      int     `yaml:"blue_min_persons"`
	YellowPersons       int     `yaml:"yellow_persons"`
	YellowRate          float64 `yaml:"yellow_rate"`
	YellowMinPersons    int     `yaml:"yellow_min_persons"`
	OrangePersons       int     `yaml:"orange_persons"`
	OrangeRate          float64 `yaml:"orange_rate"`
	OrangeStaff         int     `yaml:"orange_staff"`
	RedPersons          int     `yaml:"red_persons"`
	ClosureRedPersons   int     `yaml:"closure_red_persons"`
	ClosureShare        float64 `yaml:"closure_share"`
	TotalRedPersons     int     `yaml:"total_red_persons"`
	NoticeDays          int     `yaml:"notice_days"`
	RehireMonths        int     `yaml:"rehire_months"`
	MovedBeforeDays     int     `yaml:"moved_before_days"`
	CityBlueMargin      float64 `yaml:"city_blue_margin"`
	CityOrangeMargin    float64 `yaml:"city_orange_margin"`
	CityRedMargin       float64 `yaml:"city_red_margin"`
	CityChangeSE        float64 `yaml:"city_change_se"`
	CitySecondHeadsFall float64 `yaml:"city_second_heads_fall"`
}

// Default is the embedded configuration for Pingdingshan.
func Default() (*Config, error) {
	var c Config
	if err := decode(defaults, &c); err != nil {
		return nil, fmt.Errorf("embedded default configuration: %w", err)
	}
	return &c, nil
}

// DefaultYAML is the commented default configuration, as init writes it.
func DefaultYAML() []byte { return defaults }

func decode(b []byte, c *Config) error {
	return yaml.UnmarshalWithOptions(b, c, yaml.Strict())
}

// Load reads file over the defaults and validates the whole. An empty name
// means laborwatch.yaml in the working directory if there is one, else the
// defaults. A non-empty data replaces the file's data folder. Paths in the
// file are relative to the file's own folder.
func Load(file, data string) (*Config, error) {
	c, err := Default()
	if err != nil {
		return nil, err
	}
	if file == "" {
		if _, err := os.Stat("laborwatch.yaml"); err == nil {
			file = "laborwatch.yaml"
		}
	}
	base := "."
	if file != "" {
		b, err := os.ReadFile(file)
		if errors.Is(err, fs.ErrNotExist) {
			return nil, errors.New(messages.Beside("configuration %s does not exist. Try: laborwatch init --config %s", file, file))
		}
		if err != nil {
			return nil, fmt.Errorf("configuration: %w", err)
		}
		if err := decode(b, c); err != nil {
			return nil, fmt.Errorf("%s\n%s", messages.Beside("configuration %s:", file), messages.YAML(err))
		}
		if c.File, err = filepath.Abs(file); err != nil {
			return nil, err
		}
		base = filepath.Dir(file)
	}
	if err := c.resolve(base, data); err != nil {
		return nil, err
	}
	if err := c.Validate(); err != nil {
		return nil, fmt.Errorf("%s\n%w", messages.Beside("configuration %s:", c.source()), err)
	}
	return c, nil
}

func (c *Config) source() string {
	if c.File == "" {
		return "(defaults)"
	}
	return c.File
}

// resolve makes every path absolute.
func (c *Config) resolve(base, data string) error {
	abs := func(root, p string) (string, error) {
		if p == "" || filepath.IsAbs(p) {
			return p, nil
		}
		return filepath.Abs(filepath.Join(root, p))
	}
	var err error
	if data != "" {
		c.Data, err = filepath.Abs(data)
	} else {
		c.Data, err = abs(base, c.Data)
	}
	if err != nil {
		return err
	}
	for _, p := range []struct {
		root string
		path *string
	}{
		{c.Data, &c.Ingest.Inbox},
		{base, &c.Ingest.Contracts},
		{base, &c.Models.Dir},
		{base, &c.Models.Indicators},
		{filepath.Dir(c.Data), &c.Ingest.KeyFile},
	} {
		if *p.path, err = abs(p.root, *p.path); err != nil {
			return err
		}
	}
	for i := range c.Sources {
		if err := c.Sources[i].prepare(func(p string) (string, error) { return abs(base, p) }); err != nil {
			return err
		}
	}
	return nil
}

// Location of the configured time zone; Validate has checked that it exists.
func (c *Config) Location() *time.Location {
	loc, err := time.LoadLocation(c.TimeZone)
	if err != nil {
		return time.UTC
	}
	return loc
}

// RegionName gives a region's name, or its code where the configuration has none.
func (c *Config) RegionName(lang, code string) string {
	for _, r := range append([]Region{c.City}, c.Regions...) {
		if r.Code == code || (code == "_T" && r.Code == c.City.Code) {
			if lang == "en" {
				return r.EN
			}
			return r.ZH
		}
	}
	return code
}

// inside reports whether path lies in dir.
func inside(dir, path string) bool {
	rel, err := filepath.Rel(dir, path)
	return err == nil && rel != ".." && !strings.HasPrefix(rel, ".."+string(filepath.Separator))
}
