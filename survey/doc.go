// Package survey holds the labor force survey's estimation to the numbers of
// R's survey package.
//
// The estimation itself lives in SQL, in the core_survey_ and ind_survey_
// models: status by the NBS rules, domains, Taylor linearisation over strata
// and PSUs, intervals, quality, changes with the samples' overlap. One pass of
// set operations gives every domain of a month, it is recomputed by month like
// every other model, and it runs wherever the engine runs; a loop in Go would
// query per cell, and would need the microdata out of the engine. Nothing is
// approximated for that: PSU sums are integers and linearised values are
// rounded to 10⁻¹⁵ of the estimate, so that variances are sums of integers, the
// same in any order and with any number of threads.
//
// What this package adds is the proof, in its tests: the real survey of
// chile_ene, the synthetic panel of lfs_synth and degenerate samples.
package survey
