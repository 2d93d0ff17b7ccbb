package app

import (
	"laborwatch/codes"
	"laborwatch/config"
	"laborwatch/transform"
)

// seeds are the configuration's lists as tables that the models join.
func seeds(c *config.Config) []transform.Seed {
	region := transform.Seed{Name: "cfg_region", Columns: []string{"code VARCHAR", "name_zh VARCHAR", "name_en VARCHAR", "kind VARCHAR"}}
	for _, r := range c.Regions {
		region.Rows = append(region.Rows, []any{r.Code, r.ZH, r.EN, r.Kind})
	}
	industry := transform.Seed{Name: "cfg_industry", Columns: []string{"code VARCHAR", "section VARCHAR", "name_zh VARCHAR", "name_en VARCHAR"}}
	for _, d := range codes.Divisions() {
		industry.Rows = append(industry.Rows, []any{d.Code, d.Section, d.ZH, d.EN})
	}
	key := transform.Seed{Name: "cfg_industry_group", Columns: []string{"code VARCHAR", "name_zh VARCHAR", "name_en VARCHAR", "division VARCHAR"}}
	for _, g := range c.Industries {
		for _, d := range g.Divisions {
			key.Rows = append(key.Rows, []any{g.Code, g.ZH, g.EN, d})
		}
	}
	group := transform.Seed{Name: "cfg_group", Columns: []string{"code VARCHAR", "name_zh VARCHAR", "name_en VARCHAR"}}
	for _, g := range c.Groups {
		group.Rows = append(group.Rows, []any{g.Code, g.ZH, g.EN})
	}
	enterprise := transform.Seed{Name: "cfg_key_enterprise", Columns: []string{"uscc VARCHAR"}}
	for _, u := range c.Enterprise.Codes {
		enterprise.Rows = append(enterprise.Rows, []any{u})
	}
	return []transform.Seed{region, industry, key, group, enterprise}
}
