-- Whose rights on a repository have to be known, and at which instant: reviewers, and those who merged.
with

changes as (

    select * from {{ ref('int_changes') }}

),

reviews as (

    select * from {{ ref('stg_github__pull_request_reviews') }}

),

request_events as (

    select * from {{ ref('stg_github__pull_request_events') }}

),

-- the platform counts in whole seconds; what merges by itself joins the queue afterwards
merge_requests as (

    select
        repository_id,
        pull_request_id,
        coalesce(enqueuer_id, enabler_id, actor_id) as requested_by_id,
        row_number() over (
            partition by repository_id, pull_request_id
            order by occurred_at nulls last, case event_type when 'AutoMergeEnabledEvent' then 0 else 1 end nulls last, event_id nulls last
        ) as position
    from request_events
    where event_type in ('AddedToMergeQueueEvent', 'AutoMergeEnabledEvent')

),

-- a merge queue or automatic merging acts for the account that asked for it
merge_requesters as (

    select
        repository_id,
        pull_request_id,
        {{ max_by('requested_by_id', 'position') }} as requested_by_id
    from merge_requests
    group by repository_id, pull_request_id

),

final as (

    select
        changes.item_key,
        'reviewer' as role,
        reviews.review_id,
        changes.instance,
        changes.repository_id,
        reviews.author_id as user_id,
        reviews.submitted_at as asked_at
    from changes
    inner join reviews
        on reviews.repository_id = changes.repository_id and reviews.pull_request_id = changes.pull_request_id
    union all
    select
        changes.item_key,
        'merger' as role,
        cast(null as string) as review_id,
        changes.instance,
        changes.repository_id,
        case
            when changes.merged_by_type = 'Bot' or changes.merged_by_login like '%[bot]' or changes.merged_by_id is null then merge_requesters.requested_by_id
            else changes.merged_by_id
        end as user_id,
        changes.occurred_at as asked_at
    from changes
    left join merge_requesters
        on
            merge_requesters.repository_id = changes.repository_id
            and merge_requesters.pull_request_id = changes.pull_request_id
    where changes.change_kind = 'pull_request'

)

select * from final
