package app

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"laborwatch/config"
	"laborwatch/ingest"
	"laborwatch/messages"
	"laborwatch/monthly"
	"laborwatch/pseudonym"
	"laborwatch/sql"
	"laborwatch/transform"
)

// SurveyFeed is the feed of survey microdata.
const SurveyFeed = "labor_force_survey"

// Microdata is a survey file on its own, outside any city: read by a contract
// into a folder that is removed with it. IDs become pseudonyms under a key that
// nobody keeps.
type Microdata struct {
	*App
	// Loaded says what came of the file.
	Loaded ingest.Summary
	dir    string
}

// OpenMicrodata reads a file by a contract: "" for the one that ships, or a YAML
// file. Settings of the survey are cfg's.
func OpenMicrodata(ctx context.Context, o Options, file, contract string) (_ *Microdata, err error) {
	m := &Microdata{}
	if m.dir, err = os.MkdirTemp("", "laborwatch-survey-"); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, m.Close())
		}
	}()
	c, err := config.Default()
	if err != nil {
		return nil, err
	}
	c.Survey, c.Engine = o.Config.Survey, o.Config.Engine
	c.Weighting.Method = "given"
	c.Data = filepath.Join(m.dir, "data")
	c.Ingest.Inbox, c.Ingest.KeyFile = filepath.Join(c.Data, "inbox"), filepath.Join(m.dir, "key")
	c.Ingest.CheckRegions, c.Ingest.OnlyContracts = false, true
	c.Ingest.Contracts = filepath.Join(m.dir, "contracts")
	if err := m.contract(c.Ingest.Contracts, contract); err != nil {
		return nil, err
	}
	if _, err := pseudonym.CreateFile(c.Ingest.KeyFile, pseudonym.SM3); err != nil {
		return nil, err
	}
	o.Config = c
	if m.App, err = Open(ctx, o); err != nil {
		return nil, err
	}
	sum, err := m.Ingest(ctx, SurveyFeed, []string{file})
	m.Loaded = sum.Summary
	if err != nil {
		return nil, err
	}
	for _, r := range sum.Refused {
		return nil, fmt.Errorf("%s: %s", file, r.Reason)
	}
	if m.Loaded.RowsLoaded == 0 {
		return nil, errors.New(messages.Beside("%s: no row could be loaded of %d; laborwatch survey check says what is wrong", file, m.Loaded.RowsIn))
	}
	return m, nil
}

// contract puts the contract where the application finds it.
func (m *Microdata) contract(dir, name string) error {
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return err
	}
	var b []byte
	var err error
	if name == "" {
		b, err = ingest.EmbeddedContract(SurveyFeed)
	} else {
		b, err = os.ReadFile(name)
	}
	if err != nil {
		return err
	}
	c, err := ingest.ParseContract(name, b)
	if err != nil {
		return err
	}
	if c.Feed != SurveyFeed {
		return errors.New(messages.Beside("%s: it is a contract of %s; a survey needs one of %s, with stratum, psu and weight among its columns", name, c.Feed, SurveyFeed))
	}
	return os.WriteFile(filepath.Join(dir, SurveyFeed+".yaml"), b, 0o600)
}

// Close removes the folder.
func (m *Microdata) Close() error {
	var err error
	if m.App != nil {
		err = m.App.Close()
	}
	return errors.Join(err, os.RemoveAll(m.dir))
}

// surveyModels are what a sample alone needs.
var surveyModels = []string{
	"stg_labor_force_survey", "stg_population_totals", "core_population_total", "core_survey_status", "core_survey_edit_rule", "core_survey_edit",
	"core_survey_person", "core_survey_weight", "core_survey_estimate",
}

// computed brings the survey's models up to date.
func (m *Microdata) computed(ctx context.Context) (*transform.Transform, error) {
	t, err := m.transformOf(ctx, sql.FS, surveyModels)
	if err != nil {
		return nil, err
	}
	_, err = t.Run(ctx, nil)
	return t, err
}

// Ask estimates a request in every month of the file.
func (m *Microdata) Ask(ctx context.Context, q monthly.Request) (answers []monthly.Answer, err error) {
	t, err := m.computed(ctx)
	if err != nil {
		return nil, err
	}
	months, err := t.Months(ctx, "core_survey_estimate")
	if err != nil {
		return nil, err
	}
	err = t.Read(ctx, "core_survey_estimate", months, func(in *transform.Input) error {
		answers, err = monthly.Ask(in, q, m.Config.Survey)
		return err
	})
	return answers, err
}
