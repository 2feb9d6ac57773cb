with

changes as (

    select * from {{ ref('int_changes') }}

),

reviews as (

    select * from {{ ref('int_change_reviews') }}

),

actors as (

    select * from {{ ref('int_change_actors') }}

),

protection as (

    select * from {{ ref('int_change_protection') }}

),

rule_suites as (

    select * from {{ ref('int_change_rule_suites') }}

),

mergers as (

    select * from {{ ref('int_change_permissions') }}
    where role = 'merger'

),

tickets as (

    select
        item_key,
        {{ sorted_list('issue_key') }} as tickets
    from {{ ref('int_change_tickets') }}
    group by item_key

),

-- three values as numbers: 2 = yes, 1 = nobody can say, 0 = no; an approval that its reviewer replaced by another opinion is none,
-- one that was dismissed is (the rule for it is DISMISSED)
review_facts as (

    select
        item_key,
        count(case when is_approval then 1 end) as approvals,
        max(
            case
                when is_standing_approval or (is_approval and is_dismissed is not false) then 2
                when is_standing_approval is null then 1
                else 0
            end
        ) as has_approval,
        max(
            case
                when is_bot then 0
                when is_standing_approval or (is_approval and is_dismissed is not false) then 2
                when is_standing_approval is null then 1
                else 0
            end
        ) as has_human_approval,
        max(case when opinion = 'APPROVED' and not is_before_merge and not is_bot then 1 else 0 end) = 1 as has_later_approval,
        max(case when qualifies then 2 when qualifies is null then 1 else 0 end) as has_qualifying,
        count(distinct case when qualifies then reviewer end) as qualifying_approvals,
        count(distinct case when qualifies is not false then reviewer end) as possible_approvals,
        max(case when is_bot then 0 when is_approval and is_dismissed then 2 when is_dismissed is not false and is_approval is not false then 1 else 0 end) as has_dismissed,
        max(case when is_bot or is_standing_approval is false then 0 when is_own_change is false then 0 when is_own_change and is_standing_approval then 2 else 1 end) as has_own,
        max(case when is_bot or is_standing_approval is false then 0 when covers_head then 0 when not covers_head and is_standing_approval then 2 else 1 end) as has_stale,
        max(case when is_bot or is_standing_approval is false then 0 when could_write then 0 when not could_write and is_standing_approval then 2 else 1 end) as has_unauthorised,
        max(case when is_bot or is_standing_approval is false then 0 when was_active then 0 when not was_active and is_standing_approval then 2 else 1 end) as has_inactive,
        max(
            case
                when is_bot or is_standing_change_request is false or could_write is false or was_active is false then 0
                when is_standing_change_request and could_write and was_active then 2
                else 1
            end
        ) as has_change_request,
        max(case when qualifies and is_equal_by_patch then 1 else 0 end) = 1 as has_approval_by_equal_patch,
        {{ sorted_list('case when qualifies then coalesce(person_id, account_key) end') }} as qualifying_reviewers
    from reviews
    group by item_key

),

actor_facts as (

    select
        item_key,
        {{ sorted_list("case when role in ('request_author', 'author', 'co_author') and not is_bot and is_substantive is not false then coalesce(person_id, identity) end") }} as authors,
        max(case when not is_bot and is_substantive is not false and person_id is null then 1 else 0 end) = 1 as has_unresolved_actor
    from actors
    group by item_key

),

-- a commit's author whom the platform saw neither push nor open the request; a committer is no witness, git's config names him too
mismatches as (

    select distinct authors.item_key
    from actors as authors
    left join actors as witnesses
        on
            witnesses.item_key = authors.item_key
            and witnesses.role in ('request_author', 'pusher')
            and witnesses.person_id = authors.person_id
    where authors.role = 'author' and not authors.is_bot and witnesses.item_key is null

),

facts as (

    select
        changes.*,
        changes.change_kind = 'pull_request' as is_request,
        coalesce(review_facts.approvals, 0) as approvals,
        case coalesce(review_facts.has_approval, 0) when 2 then true when 0 then false end as has_approval,
        case coalesce(review_facts.has_human_approval, 0) when 2 then true when 0 then false end as has_human_approval,
        coalesce(review_facts.has_later_approval, false) as has_later_approval,
        case coalesce(review_facts.has_qualifying, 0) when 2 then true when 0 then false end as has_qualifying,
        coalesce(review_facts.qualifying_approvals, 0) as qualifying_approvals,
        coalesce(review_facts.possible_approvals, 0) as possible_approvals,
        case coalesce(review_facts.has_dismissed, 0) when 2 then true when 0 then false end as has_dismissed,
        case coalesce(review_facts.has_own, 0) when 2 then true when 0 then false end as has_own,
        case coalesce(review_facts.has_stale, 0) when 2 then true when 0 then false end as has_stale,
        case coalesce(review_facts.has_unauthorised, 0) when 2 then true when 0 then false end as has_unauthorised,
        case coalesce(review_facts.has_inactive, 0) when 2 then true when 0 then false end as has_inactive,
        case coalesce(review_facts.has_change_request, 0) when 2 then true when 0 then false end as has_change_request,
        coalesce(review_facts.has_approval_by_equal_patch, false) as has_approval_by_equal_patch,
        review_facts.qualifying_reviewers,
        actor_facts.authors,
        coalesce(actor_facts.has_unresolved_actor, true) as has_unresolved_actor,
        mismatches.item_key is not null as has_author_mismatch,
        protection.required_approvals,
        greatest(
            coalesce(protection.ruleset_required_approvals, 0),
            coalesce(protection.classic_required_approvals, 0),
            coalesce(protection.policy_required_approvals, 0)
        ) as least_required_approvals,
        coalesce(protection.requires_change_request_resolution, true) as requires_change_request_resolution,
        coalesce(protection.requires_ticket, false) as requires_ticket,
        coalesce(protection.has_tickets_collected, false) as has_tickets_collected,
        rule_suites.is_bypassed,
        mergers.can_write as could_merger_write,
        tickets.tickets
    from changes
    left join review_facts on review_facts.item_key = changes.item_key
    left join actor_facts on actor_facts.item_key = changes.item_key
    left join mismatches on mismatches.item_key = changes.item_key
    left join protection on protection.item_key = changes.item_key
    left join rule_suites on rule_suites.item_key = changes.item_key
    left join mergers on mergers.item_key = changes.item_key
    left join tickets on tickets.item_key = changes.item_key

),

tested as (

    select
        *,
        case when is_request then not has_qualifying else true end as is_unreviewed,

        not is_request as no_pr,
        is_request and not has_approval as no_approval,
        is_request and not has_qualifying and has_own as self_approval,
        is_request and not has_qualifying and has_stale as stale_approval,
        is_request and has_approval and not has_human_approval as bot_approval,
        is_request and not has_qualifying and has_dismissed as dismissed,
        is_request and requires_change_request_resolution and has_change_request as changes_requested_outstanding,
        case
            when not is_request then false
            when possible_approvals < least_required_approvals then true
            when qualifying_approvals >= required_approvals then false
        end as insufficient_approvals,
        is_request and not has_qualifying and has_unauthorised as unauth_approver,
        is_request and not has_qualifying and has_inactive as inactive_approver,
        is_request and not has_approval and has_later_approval as late_approval,
        is_rewrite as force_push,
        is_bypassed as bypass,
        is_request and not could_merger_write as merger_not_permitted,
        case
            when not requires_ticket or tickets is not null then false
            when has_tickets_collected then true
        end as no_authorised_request,

        is_request as no_approval__applies,
        is_request and has_human_approval is not false as self_approval__applies,
        is_request and has_human_approval is not false as stale_approval__applies,
        is_request and has_approval is not false as bot_approval__applies,
        is_request and has_human_approval is not false as dismissed__applies,
        is_request and requires_change_request_resolution as changes_requested_outstanding__applies,
        is_request and (required_approvals is null or required_approvals > 0) as insufficient_approvals__applies,
        is_request and has_human_approval is not false as unauth_approver__applies,
        is_request and has_human_approval is not false as inactive_approver__applies,
        is_request as late_approval__applies,
        is_request as merger_not_permitted__applies,
        requires_ticket as no_authorised_request__applies
    from facts

),

final as (

    select
        'CM-01' as control_id,
        item_key,
        'github' as system,
        instance,
        occurred_at,
        occurred_on,
        {{ item_status('CM-01') }} as status,
        {{ rules_failed('CM-01') }} as rules_failed,
        {{ rules_not_testable('CM-01') }} as rules_not_testable,
        {{ rules_not_applicable('CM-01', always=['no_pr', 'force_push', 'bypass']) }} as rules_not_applicable,
        url as evidence_url,
        repository_id,
        repository_name,
        branch,
        change_kind,
        pull_request_id,
        number,
        title,
        head_oid,
        tip_sha,
        commits,
        mapping,
        is_in_git,
        time_basis,
        category,
        labels,
        is_emergency,
        authors,
        merged_by_login,
        pushed_by_login,
        approvals,
        qualifying_approvals,
        required_approvals,
        qualifying_reviewers,
        tickets,
        is_unreviewed,
        has_approval_by_equal_patch,
        has_unresolved_actor,
        has_author_mismatch,
        no_pr,
        no_approval,
        self_approval,
        stale_approval,
        bot_approval,
        dismissed,
        changes_requested_outstanding,
        insufficient_approvals,
        unauth_approver,
        inactive_approver,
        late_approval,
        force_push,
        bypass,
        merger_not_permitted,
        no_authorised_request
    from tested

)

select * from final
