package config

import "maps"

// Params are the named constants that SQL models read with {{ param "…" }}.
// Ratios stay ratios; counts are integers; texts are quoted by the renderer,
// lists of texts become lists to stand in IN (…).
func (c *Config) Params() map[string]any {
	out := map[string]any{
		"weighting.method":             c.Weighting.Method,
		"target.surveyed_rate":         c.Targets.Surveyed,
		"target.registered_rate":       c.Targets.Registered,
		"insured.insurance":            c.Insured.Insurance,
		"enterprise.key_min_insured":   c.Enterprise.MinInsured,
		"alert.window_days":            c.Alert.WindowDays,
		"alert.blue_rate":              c.Alert.BlueRate,
		"alert.blue_small_staff":       c.Alert.BlueSmallStaff,
		"alert.blue_small_rate":        c.Alert.BlueSmallRate,
		"alert.blue_min_persons":       c.Alert.BlueMinPersons,
		"alert.yellow_persons":         c.Alert.YellowPersons,
		"alert.yellow_rate":            c.Alert.YellowRate,
		"alert.yellow_min_persons":     c.Alert.YellowMinPersons,
		"alert.orange_persons":         c.Alert.OrangePersons,
		"alert.orange_rate":            c.Alert.OrangeRate,
		"alert.orange_staff":           c.Alert.OrangeStaff,
		"alert.red_persons":            c.Alert.RedPersons,
		"alert.closure_red_persons":    c.Alert.ClosureRedPersons,
		"alert.closure_share":          c.Alert.ClosureShare,
		"alert.total_red_persons":      c.Alert.TotalRedPersons,
		"alert.notice_days":            c.Alert.NoticeDays,
		"alert.rehire_months":          c.Alert.RehireMonths,
		"alert.moved_before_days":      c.Alert.MovedBeforeDays,
		"alert.city_blue_margin":       c.Alert.CityBlueMargin,
		"alert.city_orange_margin":     c.Alert.CityOrangeMargin,
		"alert.city_red_margin":        c.Alert.CityRedMargin,
		"alert.city_change_se":         c.Alert.CityChangeSE,
		"alert.city_second_heads_fall": c.Alert.CitySecondHeadsFall,
	}
	maps.Copy(out, c.Survey.params())
	return out
}
