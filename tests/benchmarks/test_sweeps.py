from benchmarks import sweeps


def test_a_bare_workflow_has_as_many_jobs_as_ours(capsys):
    sweeps.main([2], repeats=1)  # stops where it has others
    rows = capsys.readouterr().out.splitlines()[1:]
    assert ["dry run" in row for row in rows] == [True, False]
    assert ["nothing to do" in row for row in rows] == [False, True]
