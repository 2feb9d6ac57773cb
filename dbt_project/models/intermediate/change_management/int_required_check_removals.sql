-- A check that the rulesets required of a branch and no longer require, from when to when, and whether an approved ticket that
-- names the ruleset came before: after the version that was replaced had begun, since a ticket approves one change and not all that
-- follow, and no approval of it declined. Null where the approval and the removal lie between the same two snapshots, and where the
-- tickets of that time were not collected.
with

engagement as (

    select * from {{ ref('int_engagement') }}

),

branch_rules as (

    select * from {{ ref('int_branch_rules') }}

),

change_refs as (

    select * from {{ ref('stg_jira__issue_change_refs') }}

),

requests as (

    select * from {{ ref('int_evidence_limits') }}

),

decisions as (

    select * from {{ ref('stg_jira__approval_decisions') }}

),

required as (

    select
        branch_rules.instance,
        branch_rules.repository_id,
        branch_rules.branch,
        branch_rules.ruleset_id,
        branch_rules.valid_from,
        branch_rules.valid_to,
        branch_rules.certain_to,
        {{ json_text('required.item', '$.context') }} as check_name
    from branch_rules
    {{ json_items('branch_rules.required_checks', '$', 'required') }}

),

-- without an open end: required to the evidence cutoff at least
closed as (

    select
        required.*,
        coalesce(required.valid_to, greatest(engagement.evidence_cutoff_at, required.valid_from)) as required_to
    from required
    cross join engagement

),

-- of two that end at one instant the one that began last is replaced
ordered as (

    select
        *,
        row_number() over (
            partition by instance, repository_id, branch, check_name
            order by valid_from nulls last, required_to nulls last, ruleset_id nulls last, certain_to nulls last
        ) as position,
        row_number() over (
            partition by instance, repository_id, branch, check_name
            order by required_to nulls last, valid_from nulls last, ruleset_id nulls last, certain_to nulls last
        ) as end_no
    from closed

),

walked as (

    select
        *,
        max(required_to) over so_far as required_until,
        {{ max_by('ruleset_id', 'end_no') }} over so_far as last_ruleset_id,
        {{ max_by('valid_from', 'end_no') }} over so_far as last_valid_from,
        {{ max_by('coalesce(certain_to, required_to)', 'end_no') }} over so_far as last_certain_to,
        lead(valid_from) over (partition by instance, repository_id, branch, check_name order by position nulls last) as next_valid_from
    from ordered
    window so_far as (
        partition by instance, repository_id, branch, check_name order by position nulls last rows between unbounded preceding and current row
    )

),

removals as (

    select
        walked.instance,
        walked.repository_id,
        walked.branch,
        walked.check_name,
        walked.last_ruleset_id as ruleset_id,
        walked.last_valid_from as replaced_from,
        walked.last_certain_to as certain_to,
        walked.required_until as removed_at,
        walked.next_valid_from as restored_at
    from walked
    cross join engagement
    where
        (walked.next_valid_from is null or walked.next_valid_from > walked.required_until)
        and walked.required_until < engagement.evidence_cutoff_at
        and walked.required_until >= engagement.period_start_at

),

declined as (

    select distinct
        instance,
        issue_id
    from decisions
    where decision = 'declined'

),

approvals as (

    select
        change_refs.change_ref,
        decisions.decided_at as approved_at
    from change_refs
    inner join decisions
        on decisions.instance = change_refs.instance and decisions.issue_id = change_refs.issue_id and decisions.decision = 'approved'
    left join declined
        on declined.instance = change_refs.instance and declined.issue_id = change_refs.issue_id
    where declined.issue_id is null and (change_refs.change_ref like '%ruleset/%' or change_refs.change_ref like '%rulesets/%')

),

final as (

    select
        removals.instance,
        removals.repository_id,
        removals.branch,
        removals.check_name,
        removals.ruleset_id,
        removals.removed_at,
        removals.restored_at,
        case max(
            case
                when approvals.approved_at > removals.removed_at or approvals.approved_at <= removals.replaced_from then 0
                when approvals.approved_at <= removals.certain_to then 2
                when approvals.approved_at is not null then 1
                else 0
            end
        )
            when 2 then true
            when 0 then case when removals.removed_at < max(requests.requests_known_until) then false end
        end as is_approved
    from removals
    cross join requests
    left join approvals
        on
            approvals.change_ref like concat_ws('', '%ruleset/', removals.ruleset_id)
            or approvals.change_ref like concat_ws('', '%ruleset/', removals.ruleset_id, '/%')
            or approvals.change_ref like concat_ws('', '%rulesets/', removals.ruleset_id)
            or approvals.change_ref like concat_ws('', '%rulesets/', removals.ruleset_id, '/%')
    group by removals.instance, removals.repository_id, removals.branch, removals.check_name, removals.ruleset_id, removals.removed_at, removals.restored_at

)

select * from final
