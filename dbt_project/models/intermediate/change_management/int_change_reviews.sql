-- Every review of a change's request, judged as of its time. A judgement is null where the evidence is missing.
with

changes as (

    select * from {{ ref('int_changes') }}

),

reviews as (

    select * from {{ ref('stg_github__pull_request_reviews') }}

),

dismissals as (

    select * from {{ ref('stg_github__pull_request_events') }}
    where event_type = 'ReviewDismissedEvent'
    qualify row_number() over (partition by repository_id, review_id order by occurred_at, event_id) = 1

),

actors as (

    select * from {{ ref('int_change_actors') }}

),

accounts as (

    select * from {{ ref('int_accounts') }}
    where system = 'github'

),

spells as (

    select * from {{ ref('int_employment_spells') }}

),

people as (

    select * from {{ ref('int_people') }}

),

collections as (

    select * from {{ ref('stg_ledger__collections') }}
    where
        kind = 'committed'
        and permission not in ('denied', 'not_available')
        and source in ('bamboohr', 'hris_csv', 'registers')
        and resource in ('employees', 'employment_status', 'workers', 'contractors')

),

-- up to when the record that employs a person was read, all parts of it
hris_reads as (

    select
        instance,
        min(last_collected_at) as last_collected_at
    from (
        select
            instance,
            max(collected_at) as last_collected_at
        from collections
        group by instance, resource
    ) as resources
    group by instance

),

permissions as (

    select * from {{ ref('int_change_permissions') }}
    where role = 'reviewer'

),

protection as (

    select * from {{ ref('int_change_protection') }}

),

rule_suites as (

    select * from {{ ref('int_change_rule_suites') }}

),

request_commits as (

    select * from {{ ref('stg_github__pull_request_commits') }}

),

pull_commits as (

    select * from {{ ref('stg_git__pull_commits') }}

),

pushed_merges as (

    select
        item_key,
        max(case when is_substantive then 2 when is_substantive is null then 1 else 0 end) as doubt
    from {{ ref('int_pushed_merges') }}
    group by item_key

),

request_merges as (

    select
        repository_id,
        pull_request_id,
        max(case when second_parent_oid is not null then position end) as last_merge_position
    from request_commits
    group by repository_id, pull_request_id

),

submitted as (

    select
        changes.item_key,
        changes.instance,
        changes.repository_id,
        changes.pull_request_id,
        changes.number,
        changes.head_oid,
        changes.occurred_at as merged_at,
        reviews.review_id,
        reviews.author_login as reviewer_login,
        accounts.account_key,
        accounts.person_id,
        coalesce(reviews.author_type = 'Bot', false)
        or coalesce(accounts.account_kind in ('bot', 'service'), false)
        or coalesce(reviews.author_login like '%[bot]', false) as is_bot,
        reviews.state,
        -- a dismissed review keeps its earlier state in the event only
        case when reviews.state = 'DISMISSED' then upper(dismissals.previous_review_state) else reviews.state end as opinion,
        case when reviews.state = 'DISMISSED' then dismissals.occurred_at end as dismissed_at,
        case when reviews.state = 'DISMISSED' then dismissals.occurred_at <= changes.occurred_at else false end as is_dismissed,
        reviews.body,
        reviews.submitted_at,
        reviews.submitted_at < changes.occurred_at as is_before_merge,
        reviews.commit_oid,
        reviews.url,
        coalesce(accounts.person_id, accounts.account_key, reviews.author_id, reviews.review_id) as reviewer,
        reviews.record_key,
        reviews.collection_id,
        reviews.collected_at,
        reviews.payload_sha256
    from changes
    inner join reviews
        on reviews.repository_id = changes.repository_id and reviews.pull_request_id = changes.pull_request_id
    left join dismissals
        on dismissals.repository_id = reviews.repository_id and dismissals.review_id = reviews.review_id
    left join accounts
        on accounts.instance = changes.instance and accounts.account_id = reviews.author_id
    where reviews.state <> 'PENDING'

),

-- the last opinion of a reviewer before the merge stands; a comment is no opinion
ordered as (

    select
        *,
        row_number() over (
            partition by
                item_key,
                reviewer,
                is_before_merge,
                coalesce(opinion in ('APPROVED', 'CHANGES_REQUESTED'), true)
            order by submitted_at desc, review_id desc
        ) = 1 as is_last_opinion
    from submitted

),

independence as (

    select
        ordered.item_key,
        ordered.review_id,
        max(
            case
                when actors.is_bot then 0
                when actors.is_substantive and (actors.account_key = ordered.account_key or actors.person_id = ordered.person_id) then 2
                when
                    actors.is_substantive is not false
                    and (
                        actors.account_key = ordered.account_key
                        or actors.person_id = ordered.person_id
                        or actors.person_id is null
                        or ordered.person_id is null
                    )
                    then 1
                else 0
            end
        ) as dependence
    from ordered
    left join actors on actors.item_key = ordered.item_key
    group by ordered.item_key, ordered.review_id

),

employment as (

    select
        ordered.item_key,
        ordered.review_id,
        max(
            case
                when spells.active_from <= ordered.submitted_at and ordered.submitted_at < coalesce(spells.contested_from, spells.active_to, {{ add_seconds('ordered.submitted_at', 1) }}) then 2
                when spells.contested_from <= ordered.submitted_at then 1
                else 0
            end
        ) as activity
    from ordered
    left join spells on spells.person_id = ordered.person_id
    group by ordered.item_key, ordered.review_id

),

coverage as (

    select
        ordered.item_key,
        ordered.review_id,
        case
            when ordered.commit_oid is null or ordered.head_oid is null then null
            when ordered.commit_oid = ordered.head_oid then true
            when reviewed.cumulative_patch_id = heads.cumulative_patch_id then true
            when reviewed.tree = heads.tree and reviewed.merge_base = heads.merge_base then true
            when reviewed.cumulative_patch_id <> heads.cumulative_patch_id then false
            when reviewed.sha is not null and heads.sha is not null and request_merges.last_merge_position is null then false
            when request_commits.oid is not null and coalesce(request_merges.last_merge_position, 0) <= request_commits.position then false
        end as covers_head
    from ordered
    left join pull_commits as reviewed
        on
            reviewed.repository_id = ordered.repository_id
            and reviewed.number = ordered.number
            and reviewed.sha = ordered.commit_oid
    left join pull_commits as heads
        on
            heads.repository_id = ordered.repository_id
            and heads.number = ordered.number
            and heads.sha = ordered.head_oid
    left join request_commits
        on
            request_commits.repository_id = ordered.repository_id
            and request_commits.pull_request_id = ordered.pull_request_id
            and request_commits.oid = ordered.commit_oid
    left join request_merges
        on
            request_merges.repository_id = ordered.repository_id
            and request_merges.pull_request_id = ordered.pull_request_id

),

standing as (

    select
        ordered.*,
        opinion = 'APPROVED' and is_before_merge as is_approval,
        case
            when not is_before_merge or not is_last_opinion then false
            else opinion = 'APPROVED' and not is_dismissed
        end as is_standing_approval,
        case
            when not is_before_merge or not is_last_opinion then false
            else opinion = 'CHANGES_REQUESTED' and not is_dismissed
        end as is_standing_change_request
    from ordered

),

-- the platform let the merge pass under a rule that counts approvals of writers only, and could not have met it without these
confirmed as (

    select
        standing.item_key,
        count(distinct standing.reviewer) <= max(greatest(protection.ruleset_required_approvals, coalesce(protection.classic_required_approvals, 0))) as is_confirmed
    from standing
    inner join rule_suites on rule_suites.item_key = standing.item_key and not rule_suites.is_bypassed
    inner join protection on protection.item_key = standing.item_key
    where standing.is_standing_approval is not false
    group by standing.item_key

),

judged as (

    select
        standing.*,
        case independence.dependence when 2 then true when 0 then false end as is_own_change,
        -- what somebody pushed as the merge has to be the head as well
        case
            when not coverage.covers_head or pushed_merges.doubt = 2 then false
            when coalesce(pushed_merges.doubt, 0) = 0 then coverage.covers_head
        end as covers_head,
        coalesce(permissions.can_write, case when confirmed.is_confirmed and standing.is_standing_approval then true end) as could_write,
        case
            when standing.person_id is null then null
            when employment.activity = 2 and hris_reads.last_collected_at >= standing.submitted_at then true
            when employment.activity = 0 then false
        end as was_active
    from standing
    left join independence
        on independence.item_key = standing.item_key and independence.review_id = standing.review_id
    left join employment
        on employment.item_key = standing.item_key and employment.review_id = standing.review_id
    left join coverage
        on coverage.item_key = standing.item_key and coverage.review_id = standing.review_id
    left join permissions
        on permissions.item_key = standing.item_key and permissions.review_id = standing.review_id
    left join confirmed on confirmed.item_key = standing.item_key
    left join pushed_merges on pushed_merges.item_key = standing.item_key
    left join people on people.person_id = standing.person_id
    left join hris_reads on hris_reads.instance = people.hris_instance

),

final as (

    select
        item_key,
        review_id,
        reviewer_login,
        account_key,
        person_id,
        reviewer,
        is_bot,
        state,
        opinion,
        body,
        submitted_at,
        commit_oid,
        url,
        dismissed_at,
        is_before_merge,
        is_dismissed,
        is_last_opinion,
        is_approval,
        is_standing_approval,
        is_standing_change_request,
        is_own_change,
        covers_head,
        coalesce(covers_head and commit_oid <> head_oid, false) as is_equal_by_patch,
        could_write,
        was_active,
        not is_bot and is_standing_approval and not is_own_change and covers_head and could_write and was_active as qualifies,
        record_key,
        collection_id,
        collected_at,
        payload_sha256
    from judged

)

select * from final
